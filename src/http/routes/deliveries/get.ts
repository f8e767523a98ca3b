import { z } from 'zod'
import { getDelivery } from '#src/services/webhooks/deliveries'
import { delivery, deliveryBody } from '../../representations/delivery.ts'
import { route } from '../../route.ts'

export const getDeliveryRoute = route({
  method: 'GET',
  path: '/v1/deliveries/{id}',
  operationId: 'deliveries_get',
  tag: 'webhooks',
  summary: 'Get one of the deliveries with all its tries',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The delivery', content: delivery } },
  errors: ['not_found'],
  handle: async ({ params, tenant, context }) => {
    const record = await getDelivery(context.service, tenant, params.id)
    return { status: 200, body: deliveryBody(record) }
  },
})

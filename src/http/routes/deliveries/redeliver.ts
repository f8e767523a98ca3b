import { z } from 'zod'
import { redeliver } from '#src/services/webhooks/redeliver'
import { delivery } from '../../representations/delivery.ts'
import { route } from '../../route.ts'
import { newDeliveryAnswer } from './new-delivery-answer.ts'

export const redeliverRoute = route({
  method: 'POST',
  path: '/v1/deliveries/{id}/redeliver',
  operationId: 'deliveries_redeliver',
  tag: 'webhooks',
  summary: 'Send the same event again, now: webhook-id stays, the tries begin anew',
  access: 'write',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: true,
  responses: { 201: { description: 'The new delivery', content: delivery } },
  errors: ['not_found', 'webhook_disabled'],
  handle: async ({ params, tenant, context, keep }) => {
    const made = await redeliver(context.service, tenant, params.id, (record) =>
      keep(newDeliveryAnswer(record)),
    )
    return newDeliveryAnswer(made)
  },
})

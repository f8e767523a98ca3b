import { z } from 'zod'
import { DELIVERY_STATUSES } from '#src/domain/webhook'
import { listDeliveries } from '#src/services/webhooks/deliveries'
import { delivery, deliveryBody } from '../../representations/delivery.ts'
import { listOf, pageBody, pageQuery, pageRequest } from '../../representations/list.ts'
import { route } from '../../route.ts'

export const listDeliveriesRoute = route({
  method: 'GET',
  path: '/v1/deliveries',
  operationId: 'deliveries_list',
  tag: 'webhooks',
  summary: 'List deliveries, newest first, those to URLs of single jobs among them',
  access: 'read',
  params: z.object({}),
  query: z.strictObject({
    ...pageQuery,
    status: z.enum(DELIVERY_STATUSES).optional(),
    job: z.string().max(64).optional(),
  }),
  body: { kind: 'none' },
  idempotent: false,
  responses: {
    200: { description: 'A page of deliveries', content: listOf(delivery, 'DeliveryList') },
  },
  errors: ['invalid_cursor'],
  handle: async ({ query, tenant, context }) => {
    const { status, job } = query
    const filters = { ...(job !== undefined && { job }), ...(status !== undefined && { status }) }
    const page = await listDeliveries(context.service, tenant, filters, pageRequest(query))
    return { status: 200, body: pageBody(page, deliveryBody) }
  },
})

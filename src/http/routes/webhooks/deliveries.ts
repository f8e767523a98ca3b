import { z } from 'zod'
import { DELIVERY_STATUSES } from '#src/domain/webhook'
import { listDeliveries } from '#src/services/webhooks/deliveries'
import { getWebhook } from '#src/services/webhooks/webhooks'
import { delivery, deliveryBody } from '../../representations/delivery.ts'
import { listOf, pageBody, pageQuery, pageRequest } from '../../representations/list.ts'
import { route } from '../../route.ts'

export const webhookDeliveriesRoute = route({
  method: 'GET',
  path: '/v1/webhooks/{id}/deliveries',
  operationId: 'webhooks_deliveries',
  tag: 'webhooks',
  summary: 'List the deliveries to a webhook, newest first',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({ ...pageQuery, status: z.enum(DELIVERY_STATUSES).optional() }),
  body: { kind: 'none' },
  idempotent: false,
  responses: {
    200: { description: 'A page of deliveries', content: listOf(delivery, 'DeliveryList') },
  },
  errors: ['not_found', 'invalid_cursor'],
  handle: async ({ params, query, tenant, context }) => {
    const { id } = await getWebhook(context.service, tenant, params.id)
    const filters = { webhook: id, ...(query.status !== undefined && { status: query.status }) }
    const page = await listDeliveries(context.service, tenant, filters, pageRequest(query))
    return { status: 200, body: pageBody(page, deliveryBody) }
  },
})

import { z } from 'zod'
import { sendPing } from '#src/services/webhooks/send-ping'
import { delivery } from '../../representations/delivery.ts'
import { route } from '../../route.ts'
import { newDeliveryAnswer } from '../deliveries/new-delivery-answer.ts'

export const testWebhookRoute = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/test',
  operationId: 'webhooks_test',
  tag: 'webhooks',
  summary: 'Send a ping; it is tried once, and the delivery tells how it went',
  access: 'write',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: true,
  responses: { 201: { description: 'The delivery of the ping', content: delivery } },
  errors: ['not_found', 'webhook_disabled'],
  handle: async ({ params, tenant, context, keep }) => {
    const made = await sendPing(context.service, tenant, params.id, (record) =>
      keep(newDeliveryAnswer(record)),
    )
    return newDeliveryAnswer(made)
  },
})

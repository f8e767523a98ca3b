import { z } from 'zod'
import type { WebhookRecord } from '#src/domain/webhook'
import { createWebhook } from '#src/services/webhooks/webhooks'
import { createdWebhook, createdWebhookBody, newWebhook } from '../../representations/webhook.ts'
import type { Answer } from '../../route.ts'
import { route } from '../../route.ts'

export const createWebhookRoute = route({
  method: 'POST',
  path: '/v1/webhooks',
  operationId: 'webhooks_create',
  tag: 'webhooks',
  summary: 'Register an endpoint that hears of all your jobs',
  access: 'write',
  params: z.object({}),
  query: z.strictObject({}),
  body: { kind: 'json', schema: newWebhook },
  idempotent: true,
  responses: { 201: { description: 'The webhook with its secret', content: createdWebhook } },
  errors: ['webhook_url_forbidden', 'limit_exceeded'],
  handle: async ({ body, tenant, context, keep }) => {
    const alongside = (made: WebhookRecord) => keep(answerOf(made))
    return answerOf(await createWebhook(context.service, tenant, body, alongside))
  },
})

function answerOf(record: WebhookRecord): Answer {
  const headers = { location: `/v1/webhooks/${record.id}` }
  return { status: 201, headers, body: createdWebhookBody(record) }
}

import { z } from 'zod'
import { getWebhook } from '#src/services/webhooks/webhooks'
import { webhook, webhookBody } from '../../representations/webhook.ts'
import { route } from '../../route.ts'

export const getWebhookRoute = route({
  method: 'GET',
  path: '/v1/webhooks/{id}',
  operationId: 'webhooks_get',
  tag: 'webhooks',
  summary: 'Get one of the webhooks',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The webhook', content: webhook } },
  errors: ['not_found'],
  handle: async ({ params, tenant, context }) => {
    return { status: 200, body: webhookBody(await getWebhook(context.service, tenant, params.id)) }
  },
})

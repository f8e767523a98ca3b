import { z } from 'zod'
import { changeWebhook } from '#src/services/webhooks/change-webhook'
import { webhook, webhookBody, webhookChange } from '../../representations/webhook.ts'
import { route } from '../../route.ts'

export const updateWebhookRoute = route({
  method: 'PATCH',
  path: '/v1/webhooks/{id}',
  operationId: 'webhooks_update',
  tag: 'webhooks',
  summary: 'Change a webhook, disable it, or enable it again; what is left out stays',
  access: 'write',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'json', schema: webhookChange },
  idempotent: false,
  responses: { 200: { description: 'The webhook', content: webhook } },
  errors: ['not_found', 'webhook_url_forbidden'],
  handle: async ({ params, body, tenant, context }) => {
    const changed = await changeWebhook(context.service, tenant, params.id, body)
    return { status: 200, body: webhookBody(changed) }
  },
})

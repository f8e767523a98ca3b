import { z } from 'zod'
import { rotateWebhookSecret } from '#src/services/webhooks/default-secret'
import { webhookSecret, defaultSecretBody } from '../../representations/webhook-secret.ts'
import { route } from '../../route.ts'

export const rotateDefaultSecretRoute = route({
  method: 'POST',
  path: '/v1/webhooks/default/secret/rotate',
  operationId: 'webhooks_rotate_default_secret',
  tag: 'webhooks',
  summary: 'Make a new default secret; the one before signs beside it until the next rotation',
  access: 'write',
  params: z.object({}),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: true,
  responses: { 200: { description: 'The secrets in use', content: webhookSecret } },
  errors: [],
  handle: async ({ tenant, context }) => {
    return {
      status: 200,
      body: defaultSecretBody(await rotateWebhookSecret(context.service, tenant)),
    }
  },
})

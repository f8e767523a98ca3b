import { z } from 'zod'
import { webhookSecrets } from '#src/services/webhooks/default-secret'
import { webhookSecret, defaultSecretBody } from '../../representations/webhook-secret.ts'
import { route } from '../../route.ts'

export const defaultSecretRoute = route({
  method: 'GET',
  path: '/v1/webhooks/default/secret',
  operationId: 'webhooks_default_secret',
  tag: 'webhooks',
  summary: 'Get the secret that signs webhooks which bring none',
  access: 'write',
  params: z.object({}),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The secrets in use', content: webhookSecret } },
  errors: [],
  handle: async ({ tenant, context }) => {
    return { status: 200, body: defaultSecretBody(await webhookSecrets(context.service, tenant)) }
  },
})

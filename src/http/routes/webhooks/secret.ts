import { z } from 'zod'
import { signingSecrets } from '#src/services/webhooks/endpoint-secret'
import { getWebhook } from '#src/services/webhooks/webhooks'
import { webhookSecret, webhookSecretBody } from '../../representations/webhook-secret.ts'
import { route } from '../../route.ts'

export const webhookSecretRoute = route({
  method: 'GET',
  path: '/v1/webhooks/{id}/secret',
  operationId: 'webhooks_secret',
  tag: 'webhooks',
  summary: 'Get the secret that signs what is sent to a webhook',
  access: 'write',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The secrets in use', content: webhookSecret } },
  errors: ['not_found'],
  handle: async ({ params, tenant, context }) => {
    const { secrets } = await getWebhook(context.service, tenant, params.id)
    const signing = signingSecrets(secrets, context.service.clock.now())
    return { status: 200, body: webhookSecretBody(signing) }
  },
})

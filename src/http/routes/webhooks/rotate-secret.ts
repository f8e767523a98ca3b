import { z } from 'zod'
import { rotateEndpointSecret } from '#src/services/webhooks/change-webhook'
import { webhookSecret, webhookSecretBody } from '../../representations/webhook-secret.ts'
import { route } from '../../route.ts'

const DAY_SECONDS = 24 * 3600

const rotation = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(7 * DAY_SECONDS)
      .default(DAY_SECONDS)
      .describe('How long the secret before signs beside the new one.'),
  })
  .meta({ id: 'SecretRotation' })

export const rotateWebhookSecretRoute = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/rotate',
  operationId: 'webhooks_rotate_secret',
  tag: 'webhooks',
  summary: 'Make a new secret; the one before signs beside it for a day, or as long as you say',
  access: 'write',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'json', schema: rotation, optional: true },
  idempotent: true,
  responses: { 200: { description: 'The secrets in use', content: webhookSecret } },
  errors: ['not_found'],
  handle: async ({ params, body, tenant, context }) => {
    const overlapMs = body.overlap_seconds * 1000
    const changed = await rotateEndpointSecret(context.service, tenant, params.id, overlapMs)
    return { status: 200, body: webhookSecretBody(changed.secrets) }
  },
})

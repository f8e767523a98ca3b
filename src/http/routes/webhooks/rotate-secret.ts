import { z } from 'zod'
import type { WebhookRecord } from '#src/domain/webhook'
import { rotateEndpointSecret } from '#src/services/webhooks/change-webhook'
import { webhookSecret, webhookSecretBody } from '../../representations/webhook-secret.ts'
import type { Answer } from '../../route.ts'
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
  handle: async ({ params, body, tenant, context, keep }) => {
    const overlapMs = body.overlap_seconds * 1000
    const alongside = (changed: WebhookRecord) => keep(answerOf(changed))
    return answerOf(
      await rotateEndpointSecret(context.service, tenant, params.id, overlapMs, alongside),
    )
  },
})

function answerOf({ secrets }: WebhookRecord): Answer {
  return { status: 200, body: webhookSecretBody(secrets) }
}

// The default webhook secret on the wire.

import { z } from 'zod'

export const webhookSecret = z
  .object({
    object: z.literal('webhook_secret'),
    secret: z.string().describe('Signs from now on.'),
    previous_secret: z.string().nullable().describe('Signs beside it during a rotation.'),
  })
  .meta({ id: 'WebhookSecret' })

export function webhookSecretBody([secret, previous]: readonly string[]) {
  return {
    object: 'webhook_secret',
    secret: secret ?? '',
    previous_secret: previous ?? null,
  } as const
}

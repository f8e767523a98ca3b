// A webhook's secrets on the wire.

import { z } from 'zod'
import type { EndpointSecret } from '#src/domain/webhook'

export const webhookSecret = z
  .object({
    object: z.literal('webhook_secret'),
    secret: z.string().describe('Signs from now on.'),
    previous_secret: z.string().nullable().describe('Signs beside it during a rotation.'),
    previous_expires_at: z
      .string()
      .nullable()
      .describe('When the previous secret stops signing; null: with the next rotation.'),
  })
  .meta({ id: 'WebhookSecret' })

/** @param secrets those that sign, newest first */
export function webhookSecretBody(secrets: readonly EndpointSecret[]) {
  const [newest, previous] = secrets
  const expires = previous?.expires ?? null
  return {
    object: 'webhook_secret',
    secret: newest?.secret ?? '',
    previous_secret: previous?.secret ?? null,
    previous_expires_at: expires === null ? null : new Date(expires).toISOString(),
  } as const
}

/** The tenant's default secrets: the previous one signs until the next rotation. */
export function defaultSecretBody(secrets: readonly string[]) {
  return webhookSecretBody(secrets.map((secret) => ({ secret, expires: null })))
}

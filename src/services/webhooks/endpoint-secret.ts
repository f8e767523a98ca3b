// Secrets of endpoints: `whsec_` + base64 of 24 to 64 bytes (Standard Webhooks 1.0), rotated with an overlap.

import { randomBytes } from 'node:crypto'
import type { EndpointSecret } from '#src/domain/webhook'

const SECRET_BYTES = 32

export function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`
}

/** Those that sign at this time, newest first. */
export function signingSecrets(
  secrets: readonly EndpointSecret[],
  now: number,
): readonly EndpointSecret[] {
  return secrets.filter(({ expires }) => expires === null || expires > now)
}

/** A new secret signs; the one before signs beside it until the overlap is over, older ones no more. */
export function rotated(
  secrets: readonly EndpointSecret[],
  now: number,
  overlapMs: number,
): readonly EndpointSecret[] {
  const before = secrets
    .slice(0, 1)
    .map(({ secret }): EndpointSecret => ({ secret, expires: now + overlapMs }))
  return [{ secret: newSecret(), expires: null }, ...signingSecrets(before, now)]
}

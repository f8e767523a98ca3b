// Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`, base64, once per secret.

import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'

/** Value of the header `webhook-signature`. `timestamp` in seconds since the epoch. */
export function webhookSignature(
  id: string,
  timestamp: number,
  body: string,
  secrets: readonly string[],
): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
      return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
    })
    .join(' ')
}

// A delivery on the wire. What signs it stays with us.

import { z } from 'zod'
import type { DeliveryRecord } from '#src/domain/webhook'
import { DELIVERY_STATUSES } from '#src/domain/webhook'

export const delivery = z
  .object({
    id: z.string(),
    object: z.literal('delivery'),
    webhook: z.string().nullable().describe('null: to the URL that a job brought.'),
    job: z.string().nullable(),
    event: z.string().describe('What the receiver sees as webhook-id.'),
    type: z.string(),
    url: z.string(),
    status: z
      .enum(DELIVERY_STATUSES)
      .describe('failed ones can be sent again; replaced: a redelivery was asked for meanwhile.'),
    attempts: z.array(
      z.object({
        at: z.string(),
        outcome: z.string().describe('HTTP 204, timeout, blocked_address, ECONNREFUSED, …'),
        duration_ms: z.number(),
      }),
    ),
    next_attempt_at: z.string().nullable(),
    redelivery_of: z.string().nullable(),
    payload: z.record(z.string(), z.unknown()).describe('What is sent, as JSON.'),
    created_at: z.string(),
    urls: z.object({ self: z.string(), redeliver: z.string() }),
  })
  .meta({ id: 'Delivery' })

export function deliveryBody(record: DeliveryRecord): z.infer<typeof delivery> {
  const { id, event, type, url, status, attempts, redelivery_of, created_at } = record
  const self = `/v1/deliveries/${id}`
  const next = status === 'pending' ? new Date(record.next_attempt).toISOString() : null
  return {
    id,
    object: 'delivery',
    webhook: record.webhook === 'none' ? null : record.webhook,
    job: record.job === 'none' ? null : record.job,
    event,
    type,
    url,
    status,
    attempts: [...attempts],
    next_attempt_at: next,
    redelivery_of,
    payload: JSON.parse(record.body) as Record<string, unknown>,
    created_at,
    urls: { self, redeliver: `${self}/redeliver` },
  }
}

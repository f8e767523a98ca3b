// How far webhooks lag behind: two look-ups by index, cheap enough for every scrape of the metrics.

import type { ServiceContext } from '../service-context.ts'

export interface DeliveryBacklog {
  readonly pending: number
  /** Milliseconds since the oldest pending delivery was made; `null` when none is pending. */
  readonly oldestAgeMs: number | null
}

export async function deliveryBacklog({
  records,
  clock,
}: Pick<ServiceContext, 'records' | 'clock'>): Promise<DeliveryBacklog> {
  const where = { status: 'pending' } as const
  const pending = await records.count('delivery', where)
  const [oldest] = await records.list('delivery', { where, order: 'ascending', limit: 1 })
  const oldestAgeMs =
    oldest === undefined ? null : Math.max(0, clock.now() - Date.parse(oldest.record.created_at))
  return { pending, oldestAgeMs }
}

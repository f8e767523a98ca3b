// The job that has waited longest.

import type { ServiceContext } from './service-context.ts'

/** Milliseconds since the oldest queued job was created; `null` when none is queued. */
export async function oldestQueuedMs({
  records,
  clock,
}: Pick<ServiceContext, 'records' | 'clock'>): Promise<number | null> {
  const where = { status: 'queued' } as const
  const [oldest] = await records.list('job', { where, order: 'ascending', limit: 1 })
  if (oldest === undefined) return null
  return Math.max(0, clock.now() - Date.parse(oldest.record.created_at))
}

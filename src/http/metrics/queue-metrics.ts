// How much waits, for how long, and what is being worked on. The age comes from the records, which are the truth.

import { Gauge } from 'prom-client'
import { TASK_KINDS } from '#src/ports/job-queue'
import { oldestQueuedMs } from '#src/services/oldest-queued'
import { deliveryBacklog } from '#src/services/webhooks/delivery-backlog'
import type { Collector } from './collector.ts'

export const queueMetrics: Collector = (context, registry) => {
  const registers = [registry]
  const entries = new Gauge({
    name: 'tersor_queue_entries',
    help: 'Entries of the queue',
    labelNames: ['kind', 'state'],
    registers,
  })
  const oldest = new Gauge({
    name: 'tersor_queue_oldest_seconds',
    help: 'Age of the oldest job that is queued, of the oldest delivery that is pending; 0 without any',
    labelNames: ['kind'],
    registers,
  })
  return async () => {
    for (const kind of TASK_KINDS) {
      const { waiting, claimed } = await context.queue.depth(kind)
      entries.set({ kind, state: 'waiting' }, waiting)
      entries.set({ kind, state: 'claimed' }, claimed)
    }
    oldest.set({ kind: 'compress' }, ((await oldestQueuedMs(context)) ?? 0) / 1000)
    const { oldestAgeMs } = await deliveryBacklog(context)
    oldest.set({ kind: 'deliver-webhook' }, (oldestAgeMs ?? 0) / 1000)
  }
}

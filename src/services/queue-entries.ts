// What the queue is told of a job or a delivery.

import type { JobRecord } from '#src/domain/job'
import type { DeliveryRecord } from '#src/domain/webhook'
import { NO_NEEDS } from '#src/domain/worker'
import type { QueueEntry } from '#src/ports/job-queue'

/** Tenants take turns; `priority` orders the jobs of one tenant. */
export function jobEntry(job: JobRecord): QueueEntry {
  return {
    kind: 'compress',
    id: job.id,
    group: job.tenant,
    needs: job.needs,
    priority: job.spec.priority,
    notBefore: 0,
  }
}

/** Receivers take turns: one that is slow keeps no other waiting. */
export function deliveryEntry(delivery: DeliveryRecord): QueueEntry {
  return {
    kind: 'deliver-webhook',
    id: delivery.id,
    group: `${delivery.tenant} ${new URL(delivery.url).origin}`,
    needs: NO_NEEDS,
    priority: 0,
    notBefore: delivery.next_attempt,
  }
}

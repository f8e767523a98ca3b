// Entries for the suites of queues.

import type { WorkerCapabilities } from '#src/domain/worker'
import { NO_NEEDS } from '#src/domain/worker'
import type { QueueEntry } from '#src/ports/job-queue'

export function queueEntry(id: string, more: Partial<QueueEntry> = {}): QueueEntry {
  return {
    kind: 'compress',
    id,
    group: 'one',
    needs: NO_NEEDS,
    priority: 0,
    notBefore: 0,
    ...more,
  }
}

export const ANY_WORKER: WorkerCapabilities = {
  accelerators: ['cpu'],
  memory_bytes: 2 ** 33,
  revision: 1,
}

// Tasks as this worker takes them from the queue and gives them back, seen at the queue's door.

import type { Registry } from 'prom-client'
import { Gauge, Histogram } from 'prom-client'
import { TASK_KINDS } from '#src/ports/job-queue'
import type { Claim, JobQueue } from '#src/ports/job-queue'

/** `released`: to be tried again, here or elsewhere. `lost`: the lease went to somebody else. */
type Outcome = 'completed' | 'released' | 'lost'

/** The same queue; what goes through it is counted in `registry`. */
export function watchTasks(queue: JobQueue, registry: Registry): JobQueue {
  const registers = [registry]
  const running = new Gauge({
    name: 'tersor_worker_tasks_running',
    help: 'Tasks that this worker is at',
    labelNames: ['kind'],
    registers,
  })
  const seconds = new Histogram({
    name: 'tersor_worker_task_seconds',
    help: 'From the claim of a task to its end in this worker',
    labelNames: ['kind', 'outcome'],
    buckets: [0.05, 0.2, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400],
    registers,
  })
  for (const kind of TASK_KINDS) running.set({ kind }, 0)
  const claimedAt = new Map<string, number>()

  function end({ kind, token }: Claim, outcome: Outcome): void {
    const at = claimedAt.get(token)
    if (at === undefined) return
    claimedAt.delete(token)
    running.dec({ kind })
    seconds.observe({ kind, outcome }, (performance.now() - at) / 1000)
  }

  return {
    enqueue: (entry) => queue.enqueue(entry),
    claim: async (...wanted) => {
      const claim = await queue.claim(...wanted)
      if (claim === null) return null
      claimedAt.set(claim.token, performance.now())
      running.inc({ kind: claim.kind })
      return claim
    },
    renew: async (claim, leaseMs) => {
      const ours = await queue.renew(claim, leaseMs)
      if (!ours) end(claim, 'lost')
      return ours
    },
    complete: async (claim) => {
      const ours = await queue.complete(claim)
      end(claim, ours ? 'completed' : 'lost')
      return ours
    },
    release: async (claim, notBefore) => {
      const ours = await queue.release(claim, notBefore)
      end(claim, ours ? 'released' : 'lost')
      return ours
    },
    remove: (kind, id) => queue.remove(kind, id),
    position: (kind, id) => queue.position(kind, id),
    has: (kind, id) => queue.has(kind, id),
    depth: (kind) => queue.depth(kind),
    close: () => queue.close(),
  }
}

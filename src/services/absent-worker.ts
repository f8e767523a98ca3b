// Whether a job would wait for a worker that does not exist now. Workers come and go: it is told, never refused.

import type { JobRecord } from '#src/domain/job'
import type { WorkerCapabilities, WorkNeeds } from '#src/domain/worker'
import { canServe } from '#src/domain/worker'
import type { Peers } from './peers.ts'

/** Such as `no worker offers cuda now`; `none` when a living worker can take it. */
export function absentWorker(peers: Pick<Peers, 'all'>, needs: WorkNeeds): string {
  const workers = peers
    .all()
    .flatMap(({ record: { worker }, liveness }) =>
      liveness === 'lost' || worker === 'none' || worker.draining ? [] : [worker.capabilities],
    )
  if (workers.length === 0) return 'no worker runs now'
  if (workers.some((worker) => canServe(worker, needs))) return 'none'
  const { accelerator, revision, memory_bytes: memory } = needs
  const some = (test: (worker: WorkerCapabilities) => boolean): boolean => workers.some(test)
  if (accelerator !== 'any' && !some(({ accelerators }) => accelerators.includes(accelerator))) {
    return `no worker offers ${accelerator} now`
  }
  if (!some((worker) => worker.revision >= revision)) {
    return 'no worker that runs now knows all steps of the job: they are older than this service'
  }
  if (!some((worker) => worker.memory_bytes >= memory)) {
    return `no worker that runs now has ${memory} bytes of memory for a job`
  }
  return 'no worker that runs now has all that the job needs'
}

export function waitingMessage(peers: Pick<Peers, 'all'>, needs: WorkNeeds): string {
  const absence = absentWorker(peers, needs)
  return absence === 'none' ? 'waiting for a worker' : `waiting: ${absence}`
}

/** A job that no worker has had yet, with what it waits for now: its record tells what was so when it was made. */
export function asItWaits(peers: Pick<Peers, 'all'>, job: JobRecord): JobRecord {
  if (job.status !== 'queued' || job.attempt > 0) return job
  return { ...job, progress: { ...job.progress, message: waitingMessage(peers, job.needs) } }
}

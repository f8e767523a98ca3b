// What may end a running job from outside: a cancellation, its timeout, a worker that stops, a lease that was lost.

import type { WorkerContext } from '#workers/worker-context'
import type { TaskSignals } from './compress.ts'
import type { JobAttempt } from './job-attempt.ts'
import { AttemptLost } from './job-attempt.ts'

export const CANCELED = new Error('the job was canceled')
export const DRAINED = new Error('the worker is being stopped')

export class JobTimeout extends Error {
  /** What the job had: its own timeout, or less where the worker allows less. */
  readonly seconds: number

  constructor(seconds: number) {
    super('the job ran too long')
    this.name = 'JobTimeout'
    this.seconds = seconds
  }
}

/** Should a message of the feed be lost, the record tells within this time. */
const POLL_MS = 2000

export interface JobWatch {
  /** Aborts with CANCELED, DRAINED, a JobTimeout or an AttemptLost as its reason. */
  readonly signal: AbortSignal
  stop(reason: Error): void
  close(): void
}

export async function watchJob(
  context: WorkerContext,
  attempt: JobAttempt,
  signals: TaskSignals,
): Promise<JobWatch> {
  const controller = new AbortController()
  const stop = (reason: Error): void => {
    if (!controller.signal.aborted) controller.abort(reason)
  }
  const look = async (): Promise<void> => {
    const found = await context.service.records.get('job', attempt.job.id)
    if (found === null || found.record.attempt !== attempt.job.attempt)
      stop(new AttemptLost('another attempt runs'))
    else if (found.record.status === 'canceling') stop(CANCELED)
  }
  const onDrain = (): void => stop(DRAINED)
  const onLost = (): void => stop(new AttemptLost('the lease was lost'))
  signals.drain.addEventListener('abort', onDrain, { once: true })
  signals.lost.addEventListener('abort', onLost, { once: true })
  if (signals.drain.aborted) onDrain()
  if (signals.lost.aborted) onLost()
  const unsubscribe = await context.service.feed.subscribe(attempt.job.id, ({ kind }) => {
    if (kind === 'cancel') void look().catch(() => undefined)
  })
  const poll = setInterval(() => void look().catch(() => undefined), POLL_MS)
  const seconds = Math.min(attempt.job.spec.timeout_seconds, context.maxJobSeconds)
  const timeout = setTimeout(
    () => stop(new JobTimeout(seconds)),
    Math.min(seconds * 1000, 2 ** 31 - 1),
  )
  return {
    signal: controller.signal,
    stop,
    close: () => {
      clearInterval(poll)
      clearTimeout(timeout)
      unsubscribe()
      signals.drain.removeEventListener('abort', onDrain)
      signals.lost.removeEventListener('abort', onLost)
    },
  }
}

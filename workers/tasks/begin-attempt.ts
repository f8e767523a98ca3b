// From a claim to an attempt: a job that waits is started, one that was left is taken over, one that kills workers ends.

import type { JobRecord } from '#src/domain/job'
import { isTerminal, MAX_TAKEOVERS, MAX_WORKERS_LOST } from '#src/domain/job'
import { timestamp } from '#src/ports/clock'
import type { Versioned, Write } from '#src/ports/record-store'
import { leftNow, suspects, takeoversOf, withBeats } from '#src/services/dead-workers'
import type { ServiceContext } from '#src/services/service-context'
import { enqueueDeliveries } from '#src/services/webhooks/fan-out'
import { jobNews } from '#src/services/webhooks/job-news'
import { AttemptLost, canceledJob, JobAttempt } from './job-attempt.ts'

/** `over`: nothing is left to do. `later`: it will be known soon whether the job killed too many workers to start again. */
export async function beginAttempt(
  service: ServiceContext,
  id: string,
  lost: AbortSignal,
): Promise<JobAttempt | 'over' | 'later'> {
  // Who lost the lease meanwhile would take the job from its successor.
  while (!lost.aborted) {
    const found = await service.records.get('job', id)
    if (found === null || isTerminal(found.record.status)) return 'over'
    if (found.record.status === 'running') {
      await takeOver(service, found)
    } else if (found.record.status === 'canceling') {
      await endUnlessChanged(service, found, canceledJob)
    } else if (takeoversOf(found.record).left_by.some(({ beat }) => beat === null)) {
      await noteBeats(service, found)
    } else {
      const verdict = await judge(service, found.record)
      if (verdict === 'later') return 'later'
      if (verdict === 'start') {
        const started = await start(service, found)
        if (started !== null) return started
      } else {
        await endUnlessChanged(service, found, (job) => ({
          ...job,
          status: 'failed',
          error: {
            code: 'worker_lost',
            message: verdict,
            stage: takeoversOf(job).left_by.at(-1)?.stage ?? job.stage,
            attempt: job.attempt,
            retryable: true,
          },
        }))
      }
    }
  }
  return 'over'
}

/** `start`, `later`, or why the job ends. */
async function judge(service: ServiceContext, job: JobRecord): Promise<string> {
  const { takeovers, left_by: suspected } = takeoversOf(job)
  if (takeovers >= MAX_TAKEOVERS)
    return `no worker brought this job to its end: it was taken over ${takeovers} times`
  if (suspected.length < MAX_WORKERS_LOST) return 'start'
  const { left, dead } = await suspects(service, suspected)
  if (dead >= MAX_WORKERS_LOST) return `${dead} workers died while they ran this job`
  return left.length < MAX_WORKERS_LOST ? 'start' : 'later'
}

async function endUnlessChanged(
  service: ServiceContext,
  found: Versioned<JobRecord>,
  change: (job: JobRecord) => JobRecord,
): Promise<void> {
  try {
    await new JobAttempt(service, found).end(change)
  } catch (error) {
    if (!(error instanceof AttemptLost)) throw error
  }
}

/** Its worker does not hold it any more: that one died, was cut off or stood still, or the queue lost the entry. */
async function takeOver(service: ServiceContext, found: Versioned<JobRecord>): Promise<void> {
  const { left } = await suspects(service, leftNow(service, found.record))
  const { takeovers } = takeoversOf(found.record)
  await requeue(service, found, 'the worker died or lost the job; it starts again', {
    left_by: left,
    takeovers: takeovers + 1,
  })
}

/** Not before the job was taken: whoever dies in between must not seem to have lived on. */
async function noteBeats(
  service: ServiceContext,
  { record, version }: Versioned<JobRecord>,
): Promise<void> {
  const left = await withBeats(service, record.left_by)
  await service.records.commit([
    { op: 'update', collection: 'job', record: { ...record, left_by: left }, version },
  ])
}

/** running → queued. False when the record changed meanwhile. */
export async function requeue(
  service: ServiceContext,
  { record, version }: Versioned<JobRecord>,
  reason: string,
  change: Partial<Pick<JobRecord, 'left_by' | 'takeovers'>> = {},
): Promise<boolean> {
  const job: JobRecord = {
    ...record,
    ...change,
    status: 'queued',
    stage: 'queued',
    progress: { ...record.progress, fraction: 0, step: 0, message: reason, eta_seconds: null },
  }
  const data = { attempt: record.attempt }
  const news = await jobNews(service, job, version + 1, 'job.retrying', reason, data)
  const done = await service.records.commit([
    { op: 'update', collection: 'job', record: job, version },
    ...news.writes,
  ])
  if (!done) return false
  await enqueueDeliveries(service, news.deliveries)
  await service.feed.publish({ job: job.id, kind: 'changed' })
  return true
}

async function start(
  service: ServiceContext,
  { record, version }: Versioned<JobRecord>,
): Promise<JobAttempt | null> {
  const attempt = record.attempt + 1
  const job: JobRecord = {
    ...record,
    status: 'running',
    stage: 'starting',
    attempt,
    worker: service.peers.id,
    started_at: record.started_at ?? timestamp(service.clock),
    progress: { ...record.progress, message: 'starting' },
  }
  const message = `attempt ${attempt} starts`
  const news = await jobNews(service, job, version + 1, 'job.started', message, { attempt })
  const done = await service.records.commit([
    { op: 'update', collection: 'job', record: job, version },
    ...news.writes,
  ])
  // Without this, answers that got lost would count as workers that lost the job.
  if (!done && !(await wasApplied(service, news.writes))) return null
  await enqueueDeliveries(service, news.deliveries)
  await service.feed.publish({ job: job.id, kind: 'changed' })
  return new JobAttempt(service, { record: job, version: version + 1 })
}

/** A commit whose answer got lost is refused when it is tried again; that its event is there tells that it was applied. */
async function wasApplied(service: ServiceContext, writes: readonly Write[]): Promise<boolean> {
  const event = writes.find(({ op, collection }) => op === 'insert' && collection === 'event')
  if (event?.op !== 'insert') return false
  return (await service.records.get('event', event.record.id)) !== null
}

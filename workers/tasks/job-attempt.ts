// One attempt at a job: the only writer of the record while its number is the record's number.

import type { JobRecord } from '#src/domain/job'
import { isTerminal, MAX_WORKERS_LOST } from '#src/domain/job'
import type { CheckpointRecord } from '#src/domain/records'
import type { DeliveryRecord } from '#src/domain/webhook'
import { timestamp } from '#src/ports/clock'
import type { Versioned, Write } from '#src/ports/record-store'
import { checkpointIds, dropCheckpointBytes } from '#src/services/checkpoints'
import { jobEnding } from '#src/services/finish-job'
import type { ServiceContext } from '#src/services/service-context'
import { enqueueDeliveries } from '#src/services/webhooks/fan-out'
import { jobNews } from '#src/services/webhooks/job-news'

/** Somebody else owns the job now, or it has ended: what this attempt still does must not be committed. */
export class AttemptLost extends Error {}

export class JobAttempt {
  #current: Versioned<JobRecord>
  readonly #service: ServiceContext
  readonly #number: number

  constructor(service: ServiceContext, current: Versioned<JobRecord>) {
    this.#service = service
    this.#current = current
    this.#number = current.record.attempt
  }

  get job(): JobRecord {
    return this.#current.record
  }

  /** Changes the running record. Throws AttemptLost when it is no longer ours. */
  async update(change: (job: JobRecord) => JobRecord): Promise<void> {
    await this.#commit(async (job, version) => {
      const next = change(job)
      return { next, writes: [{ op: 'update', collection: 'job', record: next, version }] }
    })
  }

  /** Names a checkpoint in the record, in place of the one of these ids. Throws AttemptLost when it is no longer ours. */
  async keepCheckpoint(record: CheckpointRecord, replaced: readonly string[]): Promise<void> {
    const drops = replaced.map((id): Write => ({ op: 'delete', collection: 'checkpoint', id }))
    await this.#commit(async (job, version) => {
      // A commit whose answer got lost was applied.
      const ids = checkpointIds(job)
      if (ids.includes(record.id)) return null
      const kept = ids.filter((id) => !replaced.includes(id))
      const next = { ...job, checkpoints: [...kept, record.id] }
      const update: Write = { op: 'update', collection: 'job', record: next, version }
      return {
        next,
        writes: [update, { op: 'insert', collection: 'checkpoint', record }, ...drops],
      }
    })
  }

  /** Ends the job: record, event, webhook delivery and `more` in one commit. A cancellation that came first wins. */
  async end(
    change: (job: JobRecord) => JobRecord,
    more: readonly Write[] = [],
  ): Promise<JobRecord> {
    const { clock, feed } = this.#service
    let deliveries: readonly DeliveryRecord[] = []
    let checkpoints: readonly CheckpointRecord[] = []
    await this.#commit(async (job, version) => {
      const canceled = job.status === 'canceling'
      const next: JobRecord = {
        ...(canceled ? canceledJob(job) : change(job)),
        finished_at: timestamp(clock),
      }
      const ending = await jobEnding(this.#service, next, version)
      deliveries = ending.deliveries
      checkpoints = ending.checkpoints
      return { next, writes: canceled ? ending.writes : [...ending.writes, ...more] }
    })
    await dropCheckpointBytes(this.#service, checkpoints)
    await enqueueDeliveries(this.#service, deliveries)
    await feed.publish({ job: this.job.id, kind: 'event' })
    await feed.publish({ job: this.job.id, kind: 'changed' })
    return this.job
  }

  async #commit(
    build: (
      job: JobRecord,
      version: number,
    ) => Promise<{ readonly next: JobRecord; readonly writes: readonly Write[] } | null>,
  ): Promise<void> {
    for (;;) {
      const { record, version } = this.#current
      if (isTerminal(record.status)) throw this.#over()
      const built = await build(record, version)
      if (built === null) return
      const { next, writes } = built
      if (await this.#service.records.commit(writes)) {
        this.#current = { record: next, version: version + 1 }
        return
      }
      await this.refresh()
    }
  }

  /** Reads the record again. Throws AttemptLost. */
  async refresh(): Promise<void> {
    const found = await this.#service.records.get('job', this.job.id)
    if (
      found === null ||
      isTerminal(found.record.status) ||
      // Given back to the queue: the next attempt has not begun, and this one is over all the same.
      found.record.status === 'queued' ||
      found.record.attempt !== this.#number
    ) {
      throw this.#over()
    }
    this.#current = found
  }

  #over(): AttemptLost {
    return new AttemptLost(`attempt ${this.#number} of ${this.job.id} is over`)
  }
}

export function canceledJob(job: JobRecord): JobRecord {
  return {
    ...job,
    status: 'canceled',
    stage: 'canceled',
    progress: { ...job.progress, message: 'canceled', eta_seconds: null },
  }
}

/**
 * Takes a job on: queued ones start, running ones were left by a worker that died and go back to the queue first.
 * `null`: nothing is left to do.
 */
export async function beginAttempt(
  service: ServiceContext,
  id: string,
): Promise<JobAttempt | null> {
  for (;;) {
    const found = await service.records.get('job', id)
    if (found === null || isTerminal(found.record.status)) return null
    if (found.record.status === 'queued') {
      const started = await start(service, found)
      if (started !== null) return started
    } else if (found.record.status === 'canceling') {
      const attempt = new JobAttempt(service, found)
      await attempt.end(canceledJob)
      return null
    } else if (found.record.workers_lost + 1 >= MAX_WORKERS_LOST) {
      await new JobAttempt(service, found).end((job) => lostTooOften(job))
      return null
    } else {
      await requeue(
        service,
        found,
        'the worker died; the job starts again',
        found.record.workers_lost + 1,
      )
    }
  }
}

function lostTooOften(job: JobRecord): JobRecord {
  const message = `the worker died ${MAX_WORKERS_LOST} times while it ran this job`
  return {
    ...job,
    status: 'failed',
    workers_lost: job.workers_lost + 1,
    error: {
      code: 'worker_lost',
      message,
      stage: job.stage,
      attempt: job.attempt,
      retryable: true,
    },
  }
}

/** running → queued, as after a crash. False when the record changed meanwhile. */
export async function requeue(
  service: ServiceContext,
  { record, version }: Versioned<JobRecord>,
  reason: string,
  workersLost: number,
): Promise<boolean> {
  const job: JobRecord = {
    ...record,
    status: 'queued',
    stage: 'queued',
    workers_lost: workersLost,
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
    started_at: record.started_at ?? timestamp(service.clock),
    progress: { ...record.progress, message: 'starting' },
  }
  const message = `attempt ${attempt} starts`
  const news = await jobNews(service, job, version + 1, 'job.started', message, { attempt })
  const done = await service.records.commit([
    { op: 'update', collection: 'job', record: job, version },
    ...news.writes,
  ])
  // Without this, answers that got lost would count as workers that died.
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

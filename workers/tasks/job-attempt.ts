// One attempt at a job: the only writer of the record while its number is the record's number.

import type { JobRecord } from '#src/domain/job'
import { isTerminal } from '#src/domain/job'
import type { CheckpointRecord } from '#src/domain/records'
import type { DeliveryRecord } from '#src/domain/webhook'
import { timestamp } from '#src/ports/clock'
import type { Versioned, Write } from '#src/ports/record-store'
import { checkpointIds, dropCheckpointBytes } from '#src/services/checkpoints'
import { jobEnding } from '#src/services/finish-job'
import type { ServiceContext } from '#src/services/service-context'
import { enqueueDeliveries } from '#src/services/webhooks/fan-out'

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

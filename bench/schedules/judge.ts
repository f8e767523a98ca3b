// The invariants of jobs, checked at every commit and once more at the end (I1–I4, I6).

import type { JobRecord } from '#src/domain/job'
import { isTerminal, JOB_TRANSITIONS, MAX_TAKEOVERS, MAX_WORKERS_LOST } from '#src/domain/job'
import type { ArtifactRecord, EventRecord } from '#src/domain/records'
import type { DeliveryRecord } from '#src/domain/webhook'
import type { Write } from '#src/ports/record-store'
import { CheckpointJudge } from './checkpoint-judge.ts'
import type { Actor, Scheduler } from './scheduler.ts'
import type { SimulatedBlobs } from './simulated-blobs.ts'

export class Judge {
  readonly checkpoints: CheckpointJudge
  readonly violations: string[] = []
  readonly jobs = new Map<string, JobRecord>()
  /** Jobs by the key of their request. */
  readonly #keys = new Map<string, string>()
  /** What clients were answered, by key. */
  readonly acknowledged = new Map<string, string>()
  readonly #artifacts = new Map<string, number>()
  /** The attempt that an actor began last, by job. */
  readonly #begun = new Map<string, number>()
  readonly #scheduler: Scheduler
  readonly #blobs: SimulatedBlobs
  /** Who ever began an attempt, by job. */
  readonly #workers = new Map<string, Set<string>>()
  readonly #dead = new Set<string>()
  /** Workers that died while a job was theirs, by job. */
  readonly #killed = new Map<string, number>()

  constructor(scheduler: Scheduler, blobs: SimulatedBlobs) {
    this.#scheduler = scheduler
    this.#blobs = blobs
    this.checkpoints = new CheckpointJudge(blobs, (text) => this.fail(text))
  }

  fail(text: string): void {
    this.#scheduler.note(`VIOLATION ${text}`)
    this.violations.push(text)
  }

  attemptOf(actor: Actor, job: string): number {
    return this.#begun.get(`${actor.name} ${job}`) ?? 0
  }

  died(process: string): void {
    this.#dead.add(process)
    for (const { id, status, worker } of this.jobs.values()) {
      const held = status === 'running' || status === 'canceling'
      if (held && worker === process) this.#killed.set(id, (this.#killed.get(id) ?? 0) + 1)
    }
  }

  committed(actor: Actor, writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.op === 'delete') continue
      if (write.collection === 'job') {
        if (write.op === 'insert') this.#inserted(write.record)
        else this.#changed(actor, write.record, writes)
      }
    }
    this.checkpoints.committed(writes, this.jobs, (job) => this.attemptOf(actor, job))
    for (const artifact of inserted<ArtifactRecord>(writes, 'artifact')) {
      this.#artifacts.set(artifact.job, (this.#artifacts.get(artifact.job) ?? 0) + 1)
      const ending = writes.some(
        (write) =>
          write.op === 'update' &&
          write.collection === 'job' &&
          write.record.id === artifact.job &&
          isTerminal(write.record.status),
      )
      if (!ending) this.fail(`I3 artifact of ${artifact.job} outside the commit that ends it`)
    }
  }

  #inserted(job: JobRecord): void {
    if (job.status !== 'queued' || job.attempt !== 0)
      this.fail(`I4 ${job.id} begins as ${job.status}`)
    const { key } = job.spec.metadata
    if (this.#keys.has(key!)) this.fail(`I6 two jobs for the key ${key}`)
    this.#keys.set(key!, job.id)
    this.jobs.set(job.id, job)
  }

  #changed(actor: Actor, next: JobRecord, writes: readonly Write[]): void {
    const before = this.jobs.get(next.id)
    this.jobs.set(next.id, next)
    if (before === undefined) return this.fail(`I4 ${next.id} changes before it exists`)
    this.#scheduler.note(
      `   ${next.id.slice(-4)} ${before.status} → ${next.status}, attempt ${next.attempt}`,
    )
    if (isTerminal(before.status)) {
      return this.fail(`I2 ${next.id} goes from ${before.status} to ${next.status}`)
    }
    const allowed: readonly string[] = JOB_TRANSITIONS[before.status]
    if (before.status !== next.status && !allowed.includes(next.status)) {
      this.fail(`I4 ${next.id} goes from ${before.status} to ${next.status}`)
    }
    const began = before.status === 'queued' && next.status === 'running'
    if (next.attempt !== before.attempt + (began ? 1 : 0)) {
      this.fail(`I4 ${next.id} goes from attempt ${before.attempt} to ${next.attempt}`)
    }
    if (began) this.#began(actor, next)
    // Its last commit, arriving after its death, gave the job back: it did not die under it.
    const own = before.worker?.startsWith(`${actor.name} of `) === true
    if (own && !actor.alive && before.status === 'running' && next.status === 'queued')
      this.#killed.set(next.id, (this.#killed.get(next.id) ?? 0) - 1)
    if (isTerminal(next.status)) this.#ended(next, writes)
  }

  #began(actor: Actor, job: JobRecord): void {
    this.#begun.set(`${actor.name} ${job.id}`, job.attempt)
    const workers = this.#workers.get(job.id) ?? new Set()
    this.#workers.set(job.id, workers.add(job.worker!))
    const killed = this.#killed.get(job.id) ?? 0
    if (killed >= MAX_WORKERS_LOST)
      this.fail(`${job.id} starts again after ${killed} workers died under it`)
  }

  #ended(job: JobRecord, writes: readonly Write[]): void {
    const events = inserted<EventRecord>(writes, 'event').filter((event) => event.job === job.id)
    if (events.length !== 1 || events[0]!.type !== `job.${job.status}`) {
      this.fail(
        `I4 ${job.id} ends as ${job.status} with the events ${events.map(({ type }) => type).join()}`,
      )
    }
    const told = inserted<DeliveryRecord>(writes, 'delivery').filter(
      ({ type }) => type === `job.${job.status}`,
    )
    if (job.spec.webhook !== null && told.length !== 1) {
      this.fail(`I5 ${job.id} ends with ${told.length} deliveries`)
    }
    const artifacts = inserted<ArtifactRecord>(writes, 'artifact')
    const named = artifacts.map(({ id }) => id).join()
    if (named !== job.artifacts.join())
      this.fail(
        `I3 ${job.id} names ${job.artifacts.length} artifacts, ${artifacts.length} are written`,
      )
    if (new Set(artifacts.map(({ kind }) => kind)).size !== artifacts.length) {
      this.fail(`I3 ${job.id} has two artifacts of one kind`)
    }
    for (const { sha256, kind } of artifacts) {
      const content = this.#blobs.content(sha256)
      if (content === undefined) this.fail(`I3 the ${kind} of ${job.id} has no bytes`)
      if (kind === 'report' && content !== undefined && job.reused_from === null) {
        const { attempt } = JSON.parse(content) as { readonly attempt: number }
        if (attempt !== job.attempt) {
          this.fail(
            `I3 ${job.id} ends in attempt ${job.attempt} with the report of attempt ${attempt}`,
          )
        }
      }
    }
    if (job.status === 'succeeded' && !artifacts.some(({ kind }) => kind === 'report')) {
      this.fail(`I3 ${job.id} succeeded without a report`)
    }
    const dead = [...(this.#workers.get(job.id) ?? [])].filter((id) => this.#dead.has(id)).length
    const lost = dead >= MAX_WORKERS_LOST || job.takeovers >= MAX_TAKEOVERS
    if (job.error?.code === 'worker_lost' && !lost) {
      this.fail(`${job.id} is given up after ${dead} deaths in ${job.takeovers} takeovers`)
    }
    if (job.error?.code === 'internal_error') this.fail(`${job.id} failed on our side`)
  }

  /** A client has its answer. */
  answered(key: string, job: string): void {
    const before = this.acknowledged.get(key) ?? job
    if (before !== job) this.fail(`I6 the key ${key} was answered with ${before} and with ${job}`)
    this.acknowledged.set(key, job)
    if (!this.jobs.has(job)) this.fail(`I1 ${job} was acknowledged and does not exist`)
  }

  get allEnded(): boolean {
    return [...this.jobs.values()].every(({ status }) => isTerminal(status))
  }

  finish(): void {
    this.checkpoints.finish()
    for (const { id, status, artifacts } of this.jobs.values()) {
      if (!isTerminal(status)) this.fail(`I1 ${id} is ${status} at the end`)
      if ((this.#artifacts.get(id) ?? 0) !== artifacts.length)
        this.fail(`I3 ${id} has artifacts it does not name`)
    }
  }
}

function inserted<R>(writes: readonly Write[], collection: Write['collection']): R[] {
  return writes.flatMap((write) =>
    write.op === 'insert' && write.collection === collection ? [write.record as R] : [],
  )
}

// The invariants of checkpoints, checked at every commit: what a job's record names is there, in order, and nothing else.

import type { JobRecord } from '#src/domain/job'
import { isTerminal } from '#src/domain/job'
import type { CheckpointRecord } from '#src/domain/records'
import type { Write } from '#src/ports/record-store'
import { checkpointIds } from '#src/services/checkpoints'
import type { SimulatedBlobs } from './simulated-blobs.ts'

export class CheckpointJudge {
  /** How many were committed. */
  count = 0
  readonly #records = new Map<string, CheckpointRecord>()
  /** The step of the newest that was ever committed, by job. */
  readonly #steps = new Map<string, number>()
  readonly #blobs: SimulatedBlobs
  readonly #fail: (text: string) => void

  constructor(blobs: SimulatedBlobs, fail: (text: string) => void) {
    this.#blobs = blobs
    this.#fail = fail
  }

  /** Where the next child of the job must begin. */
  stepOf(job: string): number {
    return this.#steps.get(job) ?? 0
  }

  /** Behind the commit. `jobs`: as they are now; `attempt`: the last one that the committing worker began of a job. */
  committed(
    writes: readonly Write[],
    jobs: ReadonlyMap<string, JobRecord>,
    attempt: (job: string) => number,
  ): void {
    const touched = new Set<string>()
    for (const write of writes) {
      if (write.op === 'update' && write.collection === 'job') touched.add(write.record.id)
      if (write.collection !== 'checkpoint') continue
      if (write.op === 'delete') this.#records.delete(write.id)
      else this.#inserted(write.record, jobs, attempt)
    }
    for (const id of touched) this.#compare(jobs.get(id)!)
  }

  #inserted(
    record: CheckpointRecord,
    jobs: ReadonlyMap<string, JobRecord>,
    attempt: (job: string) => number,
  ): void {
    const { id, job, step } = record
    this.#records.set(id, record)
    if (record.attempt !== jobs.get(job)?.attempt || record.attempt !== attempt(job))
      this.#fail(`C3 a checkpoint of attempt ${record.attempt} of ${job} by another attempt`)
    if (step <= this.stepOf(job))
      this.#fail(`C2 ${job} goes from the checkpoint of step ${this.stepOf(job)} to ${step}`)
    this.#steps.set(job, step)
    this.count += 1
  }

  /** Names and records say the same, and what is named has its bytes. */
  #compare(job: JobRecord): void {
    const named = [...checkpointIds(job)].sort().join()
    const kept = this.#of(job.id).sort().join()
    if (named !== kept)
      this.#fail(`C1 ${job.id} names the checkpoints [${named}], there are [${kept}]`)
    if (isTerminal(job.status) && named !== '') this.#fail(`C5 ${job.id} ended with checkpoints`)
    for (const id of checkpointIds(job)) {
      const sha256 = this.#records.get(id)?.sha256
      if (sha256 !== undefined && this.#blobs.content(sha256) === undefined)
        this.#fail(`C4 ${job.id} names a checkpoint without bytes`)
    }
  }

  #of(job: string): string[] {
    return [...this.#records.values()].flatMap((one) => (one.job === job ? [one.id] : []))
  }

  /** Bytes are about to be dropped. */
  dropped(sha256: string): void {
    for (const { job, sha256: kept } of this.#records.values()) {
      if (kept === sha256) this.#fail(`C4 the bytes of a checkpoint that ${job} names are dropped`)
    }
  }

  /** A child of the job begins at this step. */
  began(job: string, step: number): void {
    if (step !== this.stepOf(job))
      this.#fail(`C6 ${job} goes on at step ${step} and has a checkpoint of ${this.stepOf(job)}`)
  }

  finish(): void {
    if (this.#records.size > 0) this.#fail(`C5 ${this.#records.size} checkpoints are left`)
  }
}

// The job: its record and its state machine. The record is the only truth; queues carry ids.

import type { JobSpec } from '#src/recipes/job-spec'
import type { ErrorCode } from './errors.ts'
import type { WorkNeeds } from './worker.ts'

export const JOB_STATUSES = [
  'queued',
  'running',
  'canceling',
  'succeeded',
  'failed',
  'canceled',
] as const
export type JobStatus = (typeof JOB_STATUSES)[number]

/** Which status may follow which. `running → queued` happens only when a dead worker's job is taken over. */
export const JOB_TRANSITIONS = {
  queued: ['running', 'canceled', 'failed'],
  running: ['succeeded', 'failed', 'canceling', 'queued'],
  canceling: ['canceled', 'succeeded', 'failed'],
  succeeded: [],
  failed: [],
  canceled: [],
} as const satisfies Record<JobStatus, readonly JobStatus[]>

export function isTerminal(status: JobStatus): boolean {
  return JOB_TRANSITIONS[status].length === 0
}

/** A job under which this many workers died fails with `worker_lost`: it may be what kills them. */
export const MAX_WORKERS_LOST = 5
/** So does a job that was taken this often from workers, dead or alive: none seems to bring it to its end. */
export const MAX_TAKEOVERS = 20

/** A worker from which an attempt was taken: it has died, unless it beats on. */
export interface LeftBy {
  readonly worker: string
  /** Its last one, read after the job was taken from it; `null` until then. */
  readonly beat: number | null
  /** Of the job. */
  readonly stage: string
}

export interface JobProgress {
  /** Done, 0–1. */
  readonly fraction: number
  /** 1-based; 0 before the first step. */
  readonly step: number
  readonly steps: number
  readonly message: string
  /** Seconds left, `null` while unknown. */
  readonly eta_seconds: number | null
}

export interface JobError {
  readonly code: ErrorCode
  readonly message: string
  readonly stage: string
  readonly attempt: number
  readonly retryable: boolean
}

/** The figures a list of jobs shows; `null` in the job until it succeeded. */
export interface JobSummary {
  readonly compression_ratio: number | null
  readonly speedup: number | null
  readonly metric_drop: number | null
  readonly warnings: readonly string[]
}

/** Record of the collection `job`. Times are RFC 3339 UTC. */
export interface JobRecord {
  readonly id: string
  readonly tenant: string
  readonly status: JobStatus
  readonly stage: string
  readonly progress: JobProgress
  /** Raised by every claim; what a worker commits names the attempt it holds. */
  readonly attempt: number
  /** The process that began the last attempt; `null` before the first. */
  readonly worker: string | null
  /** Workers that died under it, or may have. Those that turn out to live are taken out. */
  readonly left_by: readonly LeftBy[]
  /** Attempts that another worker took over. */
  readonly takeovers: number
  /** What the caller asked for with every default resolved, plus hashes and versions: posting it again repeats the job. */
  readonly spec: JobSpec
  readonly model: string
  /** What a worker must offer to run it. */
  readonly needs: WorkNeeds
  readonly created_at: string
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly error: JobError | null
  readonly summary: JobSummary | null
  /** Ids of the collection `artifact`, written in the same commit as the terminal status. */
  readonly artifacts: readonly string[]
  /** Ids of the collection `checkpoint`: where its trainings stand, one of each; none of a job that has ended. */
  readonly checkpoints: readonly string[]
  /** When the artifacts were dropped for their age; `null` while they are kept. */
  readonly artifacts_expired_at: string | null
  /** A job whose result this one answers from, or `null`. */
  readonly reused_from: string | null
  /** sha256 of (model, steps, data, seed, version): equal fingerprints give equal artifacts. */
  readonly fingerprint: string
}

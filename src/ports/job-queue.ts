// Work to be done, by id. The queue may lose or repeat entries: records are the truth, a sweeper re-enqueues.

import type { WorkerCapabilities, WorkNeeds } from '#src/domain/worker'

export const TASK_KINDS = ['compress', 'deliver-webhook'] as const
export type TaskKind = (typeof TASK_KINDS)[number]

export interface QueueEntry {
  readonly kind: TaskKind
  /** Id of the job or delivery. At most one entry per (kind, id) exists. */
  readonly id: string
  /** Groups take turns: a tenant's jobs, an endpoint's deliveries. */
  readonly group: string
  readonly needs: WorkNeeds
  /** Within its group: higher first; equal priorities in order of arrival. */
  readonly priority: number
  /** Epoch milliseconds before which it must not be claimed; 0 = at once. */
  readonly notBefore: number
}

export interface Claim {
  readonly kind: TaskKind
  readonly id: string
  /** Proof of the lease; a lease that ran out and was claimed again has another. */
  readonly token: string
}

/** Entries of one group and kind that may be claimed at the same time. */
export type GroupPlaces = Readonly<Record<TaskKind, number>>

export interface JobQueue {
  /** Idempotent: an entry that exists (waiting or claimed) stays as it is. */
  enqueue(entry: QueueEntry): Promise<void>
  /**
   * Waits for an entry of this kind that the worker can take, until `signal` aborts (then null).
   * The group that was served longest ago comes first, unless all its places are taken.
   * The lease lasts `leaseMs` unless renewed.
   */
  claim(
    kind: TaskKind,
    worker: WorkerCapabilities,
    leaseMs: number,
    signal: AbortSignal,
  ): Promise<Claim | null>
  /** False when the lease is no longer ours. */
  renew(claim: Claim, leaseMs: number): Promise<boolean>
  /** Takes the entry out; false when the lease is no longer ours. */
  complete(claim: Claim): Promise<boolean>
  /** Gives the entry back, to be claimed again not before this time. */
  release(claim: Claim, notBefore: number): Promise<boolean>
  /** Takes a waiting entry out; claimed ones stay. */
  remove(kind: TaskKind, id: string): Promise<void>
  /** Entries that will be served first if nothing else comes: 0 = next; null when it is not waiting. */
  position(kind: TaskKind, id: string): Promise<number | null>
  has(kind: TaskKind, id: string): Promise<boolean>
  depth(kind: TaskKind): Promise<{ readonly waiting: number; readonly claimed: number }>
  close(): Promise<void>
}

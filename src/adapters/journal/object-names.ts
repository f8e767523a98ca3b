// Names of a journal's objects. Numbers are padded, so that names sort as the numbers do.

import type { JournalObject } from './journal-objects.ts'

/** Body of `snapshot/NAME`, as JSON. */
export interface SnapshotManifest {
  readonly parts: readonly string[]
  /** The highest sequence in it. */
  readonly last: number
}

export function padNumber(number: number): string {
  return String(number).padStart(16, '0')
}

/** The highest sequence in `batch/SEQUENCE-RANDOM`. */
export function lastSequence(batch: string): number {
  return Number(batch.slice('batch/'.length).split('-')[0])
}

/** The NAME of the newest `snapshot/NAME`, as in `part/NAME/NUMBER`. */
export function newestSnapshot(snapshots: readonly JournalObject[]): string | null {
  return (
    snapshots
      .map(({ name }) => snapshotName(name))
      .sort()
      .at(-1) ?? null
  )
}

export function snapshotName(object: string): string {
  return object.slice('snapshot/'.length)
}

/** When the snapshot of `part/SEQUENCE-MILLISECONDS-RANDOM/NUMBER` began. */
export function beganAt(part: string): number {
  return Number(part.split('/')[1]?.split('-')[1])
}

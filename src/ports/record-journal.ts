// What was committed, kept a second time in another store: from it the records are rebuilt when theirs is lost.

import type { CollectionName } from '#src/domain/records'

/** A record as one commit left it. */
export interface JournalEntry {
  /** Numbers the commits of a record store; of two entries of a record, the higher one holds. */
  readonly sequence: number
  readonly collection: CollectionName
  readonly id: string
  /** 0: the record was deleted. */
  readonly version: number
  /** The record as JSON; empty when it was deleted. */
  readonly document: string
}

export interface JournalSize {
  /** Batches since the last snapshot, and their bytes as stored. */
  readonly batches: number
  readonly bytes: number
  readonly snapshotBytes: number
}

export interface RecordJournal {
  /** Durable, all or nothing, when this resolves. */
  append(entries: readonly JournalEntry[]): Promise<void>
  /**
   * Every entry that holds and may have a sequence number above `after`, in any order, along with some that no longer
   * hold or are not above it.
   */
  read(after: number): AsyncIterable<readonly JournalEntry[]>
  size(): Promise<JournalSize>
  /**
   * Puts a snapshot in the place of what the journal holds now. `pages` must read the state as it is from now on:
   * it is called after the journal has noted what it holds. `holds` is asked last: when it answers no, nothing changes.
   * @param sequence number of the newest commit before the call
   * @returns whether the snapshot was taken
   */
  compact(
    sequence: number,
    pages: () => AsyncIterable<readonly JournalEntry[]>,
    holds: () => Promise<boolean>,
  ): Promise<boolean>
  close(): Promise<void>
}

/** What a process has committed and the journal does not hold yet. */
export interface JournalLag {
  readonly entries: number
  readonly bytes: number
  /** Since the oldest of them was committed; 0 without entries. */
  readonly milliseconds: number
}

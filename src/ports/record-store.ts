// Records with optimistic concurrency and all-or-nothing commits.

import type { CollectionName, Collections } from '#src/domain/records'

export interface Versioned<R> {
  readonly record: R
  /** 1 on insert, +1 on every update. */
  readonly version: number
}

/** One write of a commit, with the condition under which it may happen. */
export type Write = {
  [C in CollectionName]:
    | { readonly op: 'insert'; readonly collection: C; readonly record: Collections[C] }
    | {
        readonly op: 'update'
        readonly collection: C
        readonly record: Collections[C]
        readonly version: number
      }
    | { readonly op: 'delete'; readonly collection: C; readonly id: string }
}[CollectionName]

export interface ListQuery<C extends CollectionName> {
  /** Equality on fields named in domain/records INDEXES; all must hold. */
  readonly where?: Partial<Record<keyof Collections[C] & string, string>>
  /** By id; ids sort by time. Default `descending`. */
  readonly order?: 'ascending' | 'descending'
  /** Records that come after / before this id in ascending order, exclusive. */
  readonly greaterThan?: string
  readonly lessThan?: string
  readonly limit: number
}

export interface RecordStore {
  get<C extends CollectionName>(
    collection: C,
    id: string,
  ): Promise<Versioned<Collections[C]> | null>
  /**
   * Applies all writes atomically and durably, or none: false when an inserted id exists, or an updated record's
   * version is not the given one. Deleting what is absent is no failure.
   */
  commit(writes: readonly Write[]): Promise<boolean>
  list<C extends CollectionName>(
    collection: C,
    query: ListQuery<C>,
  ): Promise<readonly Versioned<Collections[C]>[]>
  count<C extends CollectionName>(collection: C, where: ListQuery<C>['where']): Promise<number>
  close(): Promise<void>
}

// Records whose id was made before a time, oldest first. Ids sort by time, so the young ones are never looked at.

import type { IdPrefix } from '#src/domain/id'
import { firstIdAt } from '#src/domain/id'
import type { CollectionName, Collections } from '#src/domain/records'
import type { ListQuery, RecordStore, Versioned } from '#src/ports/record-store'

const BATCH = 100

export interface OldRecords<C extends CollectionName> {
  readonly collection: C
  readonly where?: NonNullable<ListQuery<C>['where']>
  /** What the ids of the collection start with. */
  readonly prefix: IdPrefix
  /** Epoch milliseconds. */
  readonly before: number
}

/** Batches; what the caller deletes meanwhile is not met again. */
export async function* oldRecords<C extends CollectionName>(
  records: RecordStore,
  { collection, where, prefix, before }: OldRecords<C>,
): AsyncIterable<readonly Versioned<Collections[C]>[]> {
  const lessThan = firstIdAt(prefix, before)
  let last = ''
  for (;;) {
    const found = await records.list(collection, {
      ...(where === undefined ? {} : { where }),
      order: 'ascending',
      ...(last === '' ? {} : { greaterThan: last }),
      lessThan,
      limit: BATCH,
    })
    if (found.length > 0) yield found
    if (found.length < BATCH) return
    last = found.at(-1)!.record.id
  }
}

// Deletes records of one collection in commits of bounded size.

import type { CollectionName } from '#src/domain/records'
import type { RecordStore, Write } from '#src/ports/record-store'

const MOST_PER_COMMIT = 200

export async function deleteRecords(
  records: RecordStore,
  collection: CollectionName,
  ids: readonly string[],
): Promise<void> {
  for (let start = 0; start < ids.length; start += MOST_PER_COMMIT) {
    const batch = ids.slice(start, start + MOST_PER_COMMIT)
    await records.commit(batch.map((id): Write => ({ op: 'delete', collection, id })))
  }
}

/** Deletes what belongs to a job; how many there were. */
export async function deleteOfJob(
  records: RecordStore,
  collection: 'event' | 'log' | 'delivery',
  job: string,
): Promise<number> {
  for (let deleted = 0; ;) {
    const found = await records.list(collection, { where: { job }, limit: MOST_PER_COMMIT })
    const ids = found.map(({ record }) => record.id)
    await deleteRecords(records, collection, ids)
    deleted += ids.length
    if (ids.length < MOST_PER_COMMIT) return deleted
  }
}

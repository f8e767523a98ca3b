// Answers kept for an Idempotency-Key, and requests with one that died, once their time is over.

import type { ServiceContext } from '#src/services/service-context'
import { deleteRecords } from './delete-records.ts'

const BATCH = 200

/** Ids are hashes here, so all of them are looked at. */
export async function dropExpiredAnswers({
  records,
  clock,
}: Pick<ServiceContext, 'records' | 'clock'>): Promise<number> {
  let dropped = 0
  let last = ''
  for (;;) {
    const found = await records.list('idempotency', {
      order: 'ascending',
      ...(last === '' ? {} : { greaterThan: last }),
      limit: BATCH,
    })
    const now = clock.now()
    const ids = found.filter(({ record }) => record.expires < now).map(({ record }) => record.id)
    await deleteRecords(records, 'idempotency', ids)
    dropped += ids.length
    if (found.length < BATCH) return dropped
    last = found.at(-1)!.record.id
  }
}

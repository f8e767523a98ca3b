// Webhook deliveries that ended long ago; pending ones are still being tried.

import type { ServiceContext } from '#src/services/service-context'
import { deleteRecords } from './delete-records.ts'
import { oldRecords } from './old-records.ts'

/** @param before epoch milliseconds */
export async function dropExpiredDeliveries(
  { records }: Pick<ServiceContext, 'records'>,
  before: number,
): Promise<number> {
  let dropped = 0
  const old = { collection: 'delivery', prefix: 'delivery', before } as const
  for await (const batch of oldRecords(records, old)) {
    const ids = batch
      .filter(({ record }) => record.status !== 'pending')
      .map(({ record }) => record.id)
    await deleteRecords(records, 'delivery', ids)
    dropped += ids.length
  }
  return dropped
}

// Bytes that no record names any more, where several processes share the store: found by their age. What was stored within
// the grace is left alone, for its record may be on the way.

import { BLOB_GRACE_MS } from '#src/ports/blob-store'
import { blobIsUsed } from './blob-uses.ts'
import type { ServiceContext } from './service-context.ts'

type Stores = Pick<ServiceContext, 'blobs' | 'records' | 'clock'>

export interface Collected {
  readonly blobs: number
  readonly parts: number
}

/** For one process at a time; another one beside it does no harm. Only while the records are known to be complete. */
export async function collectBlobs(context: Stores): Promise<Collected> {
  const storedBefore = context.clock.now() - BLOB_GRACE_MS
  return {
    blobs: await retireUnnamed(context, storedBefore),
    parts: await dropForgottenParts(context, storedBefore),
  }
}

async function retireUnnamed({ blobs, records }: Stores, storedBefore: number): Promise<number> {
  let retired = 0
  for await (const { key, storedAt } of blobs.keys()) {
    if (storedAt >= storedBefore || (await blobIsUsed(records, key))) continue
    await blobs.retire(key, storedBefore)
    retired += 1
  }
  return retired
}

/** Parts that clients sent to an upload whose record is gone: an address may be used after the upload has ended. */
async function dropForgottenParts(
  { blobs, records }: Stores,
  storedBefore: number,
): Promise<number> {
  const { direct } = blobs
  if (direct === 'none') return 0
  let dropped = 0
  for await (const { part, storedAt } of direct.parts('')) {
    const upload = part.slice(0, part.indexOf('/'))
    if (storedAt >= storedBefore || (await records.get('upload', upload)) !== null) continue
    await direct.deletePart(part)
    dropped += 1
  }
  return dropped
}

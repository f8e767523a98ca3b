// Which records need a blob.

import type { BlobKey } from '#src/domain/records'
import type { RecordStore } from '#src/ports/record-store'

/**
 * Whether a record of any tenant needs the blob. The order is that in which bytes pass from one record to the next, a
 * part, a whole upload, a model: what is on its way while we look is seen at one end or the other.
 */
export async function blobIsUsed(records: RecordStore, key: BlobKey): Promise<boolean> {
  const where = { sha256: key }
  return (
    (await records.count('upload_part', where)) > 0 ||
    (await records.count('upload', { blob: key })) > 0 ||
    (await records.count('model', where)) > 0 ||
    (await records.count('dataset', where)) > 0 ||
    (await records.count('artifact', where)) > 0 ||
    (await records.count('checkpoint', where)) > 0
  )
}

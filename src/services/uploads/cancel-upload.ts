// An upload is given up: what arrived of it goes.

import { TersorError } from '#src/domain/errors'
import type { UploadRecord } from '#src/domain/records'
import type { ServiceContext } from '../service-context.ts'
import { dropParts } from './drop-parts.ts'
import { getLiveUpload } from './upload-state.ts'

/**
 * Canceling again answers the same; a completed one may be canceled until it is used.
 * @throws TersorError not_found, upload_expired, upload_used
 */
export async function cancelUpload(
  context: ServiceContext,
  tenant: string,
  id: string,
): Promise<UploadRecord> {
  const { blobs, records, pins } = context
  for (;;) {
    const { record, version } = await getLiveUpload(context, tenant, id)
    if (record.status === 'canceled') return record
    if (record.used_by !== null) {
      throw new TersorError('upload_used', `${record.used_by} was made of the upload`)
    }
    const canceled: UploadRecord = { ...record, status: 'canceled', blob: null }
    const done = await records.commit([
      { op: 'update', collection: 'upload', record: canceled, version },
    ])
    if (!done) continue
    await dropParts(context, canceled)
    if (record.blob !== null) await pins.dropUnused(blobs, records, record.blob)
    return canceled
  }
}

// A completed upload becomes a model or a dataset, once.

import { TersorError } from '#src/domain/errors'
import type { UploadPurpose, UploadRecord } from '#src/domain/records'
import type { BlobStat } from '#src/ports/blob-store'
import type { Versioned, Write } from '#src/ports/record-store'
import type { ServiceContext } from '../service-context.ts'
import { getLiveUpload } from './upload-state.ts'

/** Says in the commit that makes the thing what the upload was used for: no crash comes between. */
export type MarkUsed = (usedBy: string) => readonly Write[]

/**
 * Lets `accept` look at the bytes and insert its record. What it refuses stays a completed upload, to be tried otherwise.
 * @throws TersorError not_found, upload_expired, upload_not_completed, upload_used, invalid_value, and what `accept` throws
 */
export async function useUpload<T>(
  context: ServiceContext,
  tenant: string,
  id: string,
  purpose: UploadPurpose,
  accept: (blob: BlobStat, markUsed: MarkUsed) => Promise<T>,
): Promise<T> {
  const found = await getLiveUpload(context, tenant, id)
  const blob = completedBlob(found, purpose)
  context.pins.pin(blob.key)
  try {
    return await accept(blob, (usedBy) => {
      const record: UploadRecord = { ...found.record, blob: null, used_by: usedBy }
      return [{ op: 'update', collection: 'upload', record, version: found.version }]
    })
  } catch (error) {
    // The commit fails when a twin was faster: then the upload says what it became.
    const now = await getLiveUpload(context, tenant, id)
    completedBlob(now, purpose)
    throw error
  } finally {
    context.pins.unpin(blob.key)
    await context.pins.dropUnused(context.blobs, context.records, blob.key)
  }
}

function completedBlob({ record }: Versioned<UploadRecord>, purpose: UploadPurpose): BlobStat {
  if (record.used_by !== null) {
    throw new TersorError('upload_used', `${record.used_by} was made of the upload already`)
  }
  if (record.blob === null) {
    throw new TersorError('upload_not_completed', `the upload is ${record.status}, not completed`)
  }
  if (record.purpose !== purpose) {
    const detail = `the upload is for a ${record.purpose}, not for a ${purpose}`
    throw new TersorError('invalid_value', detail, {
      errors: [{ pointer: '/upload', code: 'invalid_value', detail }],
    })
  }
  return { key: record.blob, size: record.size_bytes }
}

// One part through the API: streamed into a blob, its length and digest checked. Sending a part again is fine.

import { TersorError } from '#src/domain/errors'
import type { UploadPartRecord, UploadRecord } from '#src/domain/records'
import type { ServiceContext } from '../service-context.ts'
import { blobIsThere, storeUpload } from '../store-upload.ts'
import { partRecordId } from './api-parts.ts'
import { partBytes, partCount } from './part-layout.ts'
import type { ReceivedPart } from './received-parts.ts'
import { getPendingUpload } from './upload-state.ts'

export interface SentPart {
  readonly partNumber: number
  readonly body: AsyncIterable<Uint8Array>
  /** Content-Length, or `null` where it is not declared. */
  readonly declaredBytes: number | null
  readonly expectedSha256: string | null
}

/** @throws TersorError not_found, upload_expired, upload_not_pending, payload_too_large, part_mismatch, checksum_mismatch */
export async function putPart(
  context: ServiceContext,
  tenant: string,
  id: string,
  { partNumber, body, declaredBytes, expectedSha256 }: SentPart,
): Promise<ReceivedPart & { readonly sha256: string }> {
  const { record: upload } = await getPendingUpload(context, tenant, id)
  checkPartNumber(upload, partNumber)
  const maxBytes = partBytes(upload, partNumber)
  if (declaredBytes !== null) checkLength(declaredBytes, maxBytes, partNumber)
  const stream = exactly(body, maxBytes, partNumber)
  return await storeUpload(context, { body: stream, maxBytes, expectedSha256 }, async (blob) => {
    const part: UploadPartRecord = {
      id: partRecordId(id, partNumber),
      tenant,
      upload: id,
      part_number: partNumber,
      size_bytes: blob.size,
      sha256: blob.key,
    }
    const replaced = await keepPart(context, part)
    if (replaced !== blob.key && replaced !== null) {
      await context.pins.dropUnused(context.blobs, context.records, replaced)
    }
    await stillPending(context, part)
    await blobIsThere(context, blob.key)
    return { partNumber, size: blob.size, sha256: blob.key }
  })
}

function checkPartNumber(upload: UploadRecord, partNumber: number): void {
  const count = partCount(upload)
  if (Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= count) return
  throw new TersorError('not_found', `the parts of this upload have the numbers 1 to ${count}`)
}

/** Before the bytes are read. */
function checkLength(declared: number, expected: number, partNumber: number): void {
  if (declared === expected) return
  const detail = `part ${partNumber} has ${expected} bytes, not ${declared}`
  const code = declared > expected ? 'payload_too_large' : 'part_mismatch'
  throw new TersorError(code, detail, { headers: { connection: 'close' } })
}

/** The bytes, as long as there are just as many. */
async function* exactly(
  source: AsyncIterable<Uint8Array>,
  expected: number,
  partNumber: number,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of source) {
    size += chunk.byteLength
    // One byte too many is for the store to refuse.
    yield chunk
  }
  if (size >= expected) return
  const detail = `part ${partNumber} has ${expected} bytes, but ${size} arrived`
  throw new TersorError('part_mismatch', detail)
}

/** The blob that the part had before, or `null`. */
async function keepPart(
  { records }: ServiceContext,
  record: UploadPartRecord,
): Promise<string | null> {
  for (;;) {
    const found = await records.get('upload_part', record.id)
    if (found?.record.sha256 === record.sha256) return record.sha256
    const done = await records.commit([
      found === null
        ? { op: 'insert', collection: 'upload_part', record }
        : { op: 'update', collection: 'upload_part', record, version: found.version },
    ])
    if (done) return found?.record.sha256 ?? null
  }
}

/** An upload that ended meanwhile has no parts: this one came too late to be dropped with the others. */
async function stillPending(context: ServiceContext, part: UploadPartRecord): Promise<void> {
  try {
    await getPendingUpload(context, part.tenant, part.upload)
  } catch (error) {
    await context.records.commit([{ op: 'delete', collection: 'upload_part', id: part.id }])
    throw error
  }
}

// Uploaded bytes → blob → record. What is refused on the way leaves no blob behind.

import { TersorError } from '#src/domain/errors'
import type { BlobStat } from '#src/ports/blob-store'
import type { ServiceContext } from './service-context.ts'

export interface Upload {
  readonly body: AsyncIterable<Uint8Array>
  readonly maxBytes: number
  /** Hex SHA-256 that the client promised, or `null`. */
  readonly expectedSha256: string | null
}

/**
 * Stores the bytes, then lets `accept` look at them and insert its record.
 * @throws TersorError empty_file, payload_too_large, checksum_mismatch, and whatever `accept` throws
 */
export async function storeUpload<T>(
  context: ServiceContext,
  upload: Upload,
  accept: (blob: BlobStat) => Promise<T>,
): Promise<T> {
  const { blobs, records, pins } = context
  const blob = await blobs.put(refuseEmpty(upload.body), {
    maxBytes: upload.maxBytes,
    ...(upload.expectedSha256 === null ? {} : { expectedSha256: upload.expectedSha256 }),
  })
  pins.pin(blob.key)
  let accepted = false
  try {
    const result = await accept(blob)
    accepted = true
    return result
  } finally {
    pins.unpin(blob.key)
    if (!accepted) await pins.dropUnused(blobs, records, blob.key)
  }
}

async function* refuseEmpty(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let total = 0
  for await (const chunk of source) {
    total += chunk.byteLength
    yield chunk
  }
  if (total === 0) throw new TersorError('empty_file', 'the file has no bytes')
}

/** Called once the record is in: another upload of the same bytes, refused at the same moment, may have taken the blob. */
export async function blobIsThere(context: ServiceContext, key: string): Promise<void> {
  if ((await context.blobs.stat(key)) !== null) return
  throw new TersorError('unavailable', 'the same bytes were just deleted; send the request again', {
    headers: { 'retry-after': '1' },
  })
}

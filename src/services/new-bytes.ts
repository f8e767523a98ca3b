// Where the bytes of a new model or dataset come from: the request itself, or an upload by parts.

import { TersorError } from '#src/domain/errors'
import type { UploadPurpose } from '#src/domain/records'
import type { BlobStat } from '#src/ports/blob-store'
import type { Write } from '#src/ports/record-store'
import type { ServiceContext } from './service-context.ts'
import { blobIsThere, storeUpload } from './store-upload.ts'
import type { MarkUsed } from './uploads/use-upload.ts'
import { useUpload } from './uploads/use-upload.ts'

export type BytesSource =
  | {
      readonly kind: 'request'
      readonly body: AsyncIterable<Uint8Array>
      /** Hex SHA-256 that the client promised, or `null`. */
      readonly expectedSha256: string | null
    }
  | { readonly kind: 'upload'; readonly id: string }

/**
 * Lets `accept` look at the stored bytes and insert its record. What it refuses leaves no bytes behind, or the upload as
 * it was.
 * @throws TersorError of storeUpload or useUpload, and whatever `accept` throws
 */
export async function withNewBytes<T>(
  context: ServiceContext,
  tenant: string,
  purpose: UploadPurpose,
  source: BytesSource,
  accept: (blob: BlobStat, markUsed: MarkUsed) => Promise<T>,
): Promise<T> {
  if (source.kind === 'upload') return await useUpload(context, tenant, source.id, purpose, accept)
  const { maxModelBytes, maxDatasetBytes } = context.options
  const maxBytes = purpose === 'model' ? maxModelBytes : maxDatasetBytes
  return await storeUpload(context, { ...source, maxBytes }, (blob) => accept(blob, () => []))
}

/** Commits the record of new bytes with what must not be without it. */
export async function commitNewBytes(
  context: ServiceContext,
  blob: BlobStat,
  writes: readonly Write[],
): Promise<void> {
  if (!(await context.records.commit(writes))) {
    throw new TersorError('unavailable', 'another request changed the same records; send it again')
  }
  await blobIsThere(context, blob.key)
}

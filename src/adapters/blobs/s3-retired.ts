// Blobs that no record named for a while. Their bytes move to names that no put relies on, and go only a grace later: a
// record that was written while they moved finds them again.

import { isAbsent } from '../s3/s3-error.ts'
import { copyObject, deleteObject, headObject, listObjects } from './s3-objects.ts'
import type { S3Object, S3Place } from './s3-objects.ts'

export interface BlobNames {
  /** Of the folder of blobs, with the slash. */
  readonly blobs: string
  readonly retired: string
}

/** Deletes or moves nothing that was stored at or after `storedBefore`. */
export async function retireBlob(
  place: S3Place,
  names: BlobNames,
  key: string,
  storedBefore: number,
): Promise<void> {
  const blob = await headObject(place, names.blobs + key)
  if (blob === null) {
    const retired = await headObject(place, names.retired + key)
    if (retired !== null && retired.storedAt < storedBefore) await deleteObject(place, retired.name)
    return
  }
  if (blob.storedAt >= storedBefore) return
  if (!(await copyBlob(place, blob, names.retired, key))) return
  // A put may have made sure of the blob during a long copy. One that does so in the moment left is why bytes are kept.
  const now = await headObject(place, blob.name)
  if (now?.storedAt === blob.storedAt) await deleteObject(place, blob.name)
}

/** Puts a retired blob back. Returns whether there is one. */
export async function restoreBlob(place: S3Place, names: BlobNames, key: string): Promise<boolean> {
  const retired = await headObject(place, names.retired + key)
  return retired !== null && (await copyBlob(place, retired, names.blobs, key))
}

/** Makes the blob as new as if it had been stored now. Returns whether it is still there. */
export async function refreshBlob(
  place: S3Place,
  names: BlobNames,
  key: string,
  blob: S3Object,
): Promise<boolean> {
  return await copyBlob(place, blob, names.blobs, key)
}

/** All keys in order, retired ones with the time of their move. Second copies that a restored blob left are dropped. */
export async function* listBlobs(
  place: S3Place,
  names: BlobNames,
  graceMs: number,
): AsyncGenerator<{ readonly key: string; readonly storedAt: number }> {
  const blobs = listObjects(place, names.blobs)
  const retired = listObjects(place, names.retired)
  let kept = await blobs.next()
  let moved = await retired.next()
  while (kept.done !== true || moved.done !== true) {
    const key = kept.done === true ? null : kept.value.name.slice(names.blobs.length)
    const other = moved.done === true ? null : moved.value.name.slice(names.retired.length)
    if (key !== null && (other === null || key <= other)) {
      yield { key, storedAt: kept.value!.storedAt }
      if (key === other) {
        const isOld = moved.value!.storedAt < Date.now() - graceMs
        if (isOld) await deleteObject(place, moved.value!.name)
        moved = await retired.next()
      }
      kept = await blobs.next()
    } else {
      yield { key: other!, storedAt: moved.value!.storedAt }
      moved = await retired.next()
    }
  }
}

export function blobMetadata(key: string, size: number): Readonly<Record<string, string>> {
  return { sha256: key, size: String(size) }
}

/** Swift answers so when the source goes while it is copied. Where the bucket itself is gone, the next request says so. */
function isSourceGone(error: unknown): boolean {
  return error instanceof Error && error.name === 'NoSuchBucket'
}

async function copyBlob(
  place: S3Place,
  from: S3Object,
  folder: string,
  key: string,
): Promise<boolean> {
  try {
    await copyObject(place, from, folder + key, blobMetadata(key, from.size))
    return true
  } catch (error) {
    if (isAbsent(error) || isSourceGone(error)) return false
    throw error
  }
}

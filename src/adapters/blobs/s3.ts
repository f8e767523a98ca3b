// Blobs as objects of an S3 store: `<prefix>/blobs/<hash>`, spooled to this machine's disk on the way in.

import { mkdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import { TersorError } from '#src/domain/errors'
import { BLOB_GRACE_MS } from '#src/ports/blob-store'
import type { BlobStore } from '#src/ports/blob-store'
import { isAbsent, s3Error } from '../s3/s3-error.ts'
import { directAccess } from './s3-direct.ts'
import { abortStaleUploads } from './s3-multipart.ts'
import { deleteObject, headObject } from './s3-objects.ts'
import type { S3Object } from './s3-objects.ts'
import { readObject } from './s3-read.ts'
import { blobMetadata, listBlobs, refreshBlob, restoreBlob, retireBlob } from './s3-retired.ts'
import { uploadSpool } from './s3-upload.ts'
import { spoolBytes } from './spool.ts'
import { storageError } from './storage-errors.ts'
import { removeLeftovers } from './temporary-files.ts'
import { writeWhole } from './write-whole.ts'

export interface S3BlobsOptions {
  readonly client: S3Client
  readonly bucket: string
  /** First part of every object's name, without a slash at its end. */
  readonly prefix: string
  /** Of this machine, for bytes on their way in. Created if absent. */
  readonly spoolFolder: string
  /** Signs addresses for clients, with the endpoint that they can reach; `none`: all bytes pass through the service. */
  readonly signer: S3Client | 'none'
  /** A body that gives no byte for so long has failed. */
  readonly stallMs?: number
  /** Default BLOB_GRACE_MS. */
  readonly graceMs?: number
}

const KEY = /^[0-9a-f]{64}$/
const STALL_MS = 10_000

/** The client stays the caller's to close. */
export async function openS3Blobs(options: S3BlobsOptions): Promise<BlobStore> {
  const { client, bucket, prefix, spoolFolder, signer } = options
  const { stallMs = STALL_MS, graceMs = BLOB_GRACE_MS } = options
  await mkdir(spoolFolder, { recursive: true })
  await removeLeftovers(spoolFolder, false)
  const place = { client, bucket }
  const names = { blobs: `${prefix}/blobs/`, retired: `${prefix}/retired/` }
  // Some stores list no unfinished uploads; then theirs to clean up.
  const cleaning = abortStaleUploads(place, names.blobs).catch(() => {})

  const find = async (key: string): Promise<S3Object> => {
    if (!KEY.test(key)) throw missing()
    const found = await headObject(place, names.blobs + key)
    if (found !== null) return found
    const retired = await headObject(place, names.retired + key)
    if (retired === null) throw missing()
    return retired
  }

  const requireBlob = async (key: string): Promise<void> => {
    const found = await find(key)
    if (found.name.startsWith(names.retired)) await restoreBlob(place, names, key)
  }

  const read = async (key: string, range: ByteRange | null): Promise<Readable> => {
    if (!KEY.test(key)) throw missing()
    if (range !== null && range.end <= range.start) {
      await find(key)
      return Readable.from([])
    }
    const request = { name: names.blobs + key, range, sha256: key, stallMs }
    return await readObject(place, request).catch(async (error: unknown) => {
      if (!isAbsent(error)) throw error
      // Replaced just now, by a put that made it new again, or retired.
      const isThere = (await headObject(place, names.blobs + key)) !== null
      if (!isThere && !(await restoreBlob(place, names, key))) throw error
      return await readObject(place, request)
    })
  }

  return {
    direct:
      signer === 'none'
        ? 'none'
        : directAccess({
            place,
            signer,
            blobs: names.blobs,
            incoming: `${prefix}/incoming/`,
            stallMs,
            requireBlob,
          }),

    put: (source, putOptions) =>
      answer(async () => {
        const spool = await spoolBytes(source, spoolFolder, putOptions)
        const { key, size } = spool
        try {
          // Not put over what is there: while Swift replaces an object, who reads it may hear that there is none.
          const found =
            putOptions.areUnique === true ? null : await headObject(place, names.blobs + key)
          const isNew = found !== null && found.storedAt > Date.now() - graceMs / 2
          const isThere =
            found?.size === size && (isNew || (await refreshBlob(place, names, key, found)))
          if (!isThere) {
            await uploadSpool(place, names.blobs + key, spool, blobMetadata(key, size))
          }
          return { key, size }
        } finally {
          await spool.discard()
        }
      }),

    stat: (key) =>
      answer(async () => {
        const found = await find(key).catch(ignoreMissing)
        return found === null ? null : { key, size: found.size }
      }),

    read: (key, range) => answer(() => read(key, range ?? null)),

    download: (key, path) => answer(() => writeWhole(path, () => read(key, null))),

    localPath: (key) =>
      answer(async () => {
        await find(key)
        return null
      }),

    delete: (key) =>
      answer(async () => {
        await deleteObject(place, names.blobs + key)
        await deleteObject(place, names.retired + key)
      }),

    retire: (key, storedBefore) => answer(() => retireBlob(place, names, key, storedBefore)),

    async *keys() {
      try {
        for await (const blob of listBlobs(place, names, graceMs)) {
          if (KEY.test(blob.key)) yield blob
        }
      } catch (error) {
        throw s3Error(error)
      }
    },

    async close() {
      await cleaning
    },
  }
}

interface ByteRange {
  readonly start: number
  readonly end: number
}

async function answer<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw s3Error(storageError(error))
  }
}

function missing(): TersorError {
  return new TersorError('not_found', 'No bytes are stored under this hash')
}

function ignoreMissing(error: unknown): null {
  if (error instanceof TersorError && error.code === 'not_found') return null
  throw error
}

// Presigned addresses of an S3 store, and the parts that clients send to them.

import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { TersorError } from '#src/domain/errors'
import type { DirectAccess } from '#src/ports/blob-store'
import { s3Error } from '../s3/s3-error.ts'
import { deleteObject, headObject, listObjects } from './s3-objects.ts'
import type { S3Place } from './s3-objects.ts'
import { readObject } from './s3-read.ts'

export interface DirectOptions {
  readonly place: S3Place
  /** Signs with the address under which clients reach the store. */
  readonly signer: S3Client
  readonly blobs: string
  readonly incoming: string
  readonly stallMs: number
  /** Throws TersorError `not_found` unless the blob is, or is put back, under its name. */
  readonly requireBlob: (key: string) => Promise<void>
}

const PART = /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/

export function directAccess(options: DirectOptions): DirectAccess {
  const { place, signer, blobs, incoming, stallMs, requireBlob } = options
  const { bucket } = place
  const nameOf = (part: string): string => {
    if (!PART.test(part)) throw new TersorError('not_found', 'No part has such a name')
    return incoming + part
  }
  return {
    async readUrl(key, { seconds, filename, mediaType }) {
      await requireBlob(key).catch(rethrow)
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: blobs + key,
        ResponseContentType: mediaType,
        ResponseContentDisposition: attachment(filename),
      })
      return await getSignedUrl(signer, command, { expiresIn: seconds })
    },

    async writeUrl(part, { seconds, bytes }) {
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: nameOf(part),
        ContentLength: bytes,
      })
      // Signed: the store refuses any other length.
      return await getSignedUrl(signer, command, { expiresIn: seconds })
    },

    async statPart(part) {
      const found = await headObject(place, nameOf(part)).catch(rethrow)
      return found === null ? null : { part, size: found.size, storedAt: found.storedAt }
    },

    async readPart(part) {
      const request = { name: nameOf(part), range: null, sha256: null, stallMs }
      return await readObject(place, request).catch(rethrow)
    },

    async deletePart(part) {
      await deleteObject(place, nameOf(part)).catch(rethrow)
    },

    async *parts(prefix) {
      try {
        for await (const { name, size, storedAt } of listObjects(place, incoming + prefix)) {
          yield { part: name.slice(incoming.length), size, storedAt }
        }
      } catch (error) {
        throw s3Error(error)
      }
    },
  }
}

function rethrow(error: unknown): never {
  throw s3Error(error)
}

/** RFC 6266: a name in ASCII for old clients, the true one for the others. */
function attachment(filename: string): string {
  const plain = filename.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(filename).replaceAll(/['()*]/g, percent)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

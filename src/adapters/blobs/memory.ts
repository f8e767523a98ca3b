// Blobs in the heap, for tests.

import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { TersorError } from '#src/domain/errors'
import type { BlobStore } from '#src/ports/blob-store'
import { checkDigest } from './check-digest.ts'

export async function openMemoryBlobs(): Promise<BlobStore> {
  const blobs = new Map<string, Buffer>()
  const storedAt = new Map<string, number>()

  function bytesOf(key: string): Buffer {
    const bytes = blobs.get(key)
    if (bytes === undefined) {
      throw new TersorError('not_found', 'No bytes are stored under this hash')
    }
    return bytes
  }

  return {
    direct: 'none',

    async put(source, { maxBytes, expectedSha256 }) {
      const chunks: Buffer[] = []
      let size = 0
      for await (const chunk of source) {
        size += chunk.byteLength
        if (size > maxBytes) {
          throw new TersorError('payload_too_large', `At most ${maxBytes} bytes are allowed`)
        }
        chunks.push(Buffer.from(chunk))
      }
      const bytes = Buffer.concat(chunks)
      const key = createHash('sha256').update(bytes).digest('hex')
      checkDigest(expectedSha256, key)
      blobs.set(key, bytes)
      storedAt.set(key, Date.now())
      return { key, size }
    },
    async stat(key) {
      const bytes = blobs.get(key)
      return bytes === undefined ? null : { key, size: bytes.byteLength }
    },
    async read(key, range) {
      const bytes = bytesOf(key)
      return Readable.from([Buffer.from(bytes.subarray(range?.start ?? 0, range?.end))], {
        objectMode: false,
      })
    },
    async download(key, path) {
      await writeFile(path, bytesOf(key), { flag: 'wx' })
    },
    async localPath(key) {
      bytesOf(key)
      return null
    },
    async delete(key) {
      blobs.delete(key)
    },
    async retire(key, storedBefore) {
      if ((storedAt.get(key) ?? Infinity) < storedBefore) blobs.delete(key)
    },
    async *keys() {
      for (const key of blobs.keys()) yield { key, storedAt: storedAt.get(key)! }
    },
    async close() {
      blobs.clear()
    },
  }
}

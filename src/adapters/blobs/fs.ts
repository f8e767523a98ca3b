// Blobs as files: `<folder>/<first two hex digits>/<hash>`, written under `<folder>/tmp` and renamed when whole.

import { constants } from 'node:fs'
import { copyFile, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { TersorError } from '#src/domain/errors'
import type { BlobStore } from '#src/ports/blob-store'
import { checkDigest } from './check-digest.ts'
import { HashedFile } from './hashed-file.ts'
import { claimTemporaryName, removeLeftovers } from './temporary-files.ts'
import { storageError, syncFolder } from './storage-errors.ts'

export interface FsBlobsOptions {
  /** Created if absent. */
  readonly folder: string
  /** Whether no other process has it open. */
  readonly sole?: boolean
}

const KEY = /^[0-9a-f]{64}$/
const READ_CHUNK = 256 * 1024

export async function openFsBlobs(options: FsBlobsOptions): Promise<BlobStore> {
  const { folder, sole = false } = options
  const temporary = join(folder, 'tmp')
  await mkdir(temporary, { recursive: true })
  await removeLeftovers(temporary, sole)

  const shardOf = (key: string): string => join(folder, key.slice(0, 2))
  const pathOf = (key: string): string => {
    if (!KEY.test(key)) throw missing()
    return join(shardOf(key), key)
  }

  return {
    direct: 'none',

    async put(source, { maxBytes, expectedSha256 }) {
      const path = join(temporary, await claimTemporaryName())
      try {
        const file = await HashedFile.create(path)
        let key: string
        try {
          for await (const chunk of source) {
            if (file.size + chunk.byteLength > maxBytes) throw tooLarge(maxBytes)
            await file.append(chunk)
          }
          key = await file.finish()
        } finally {
          await file.close()
        }
        checkDigest(expectedSha256, key)
        const made = await mkdir(shardOf(key), { recursive: true })
        if (made !== undefined) await syncFolder(folder)
        // Replacing an equal file is how equal bytes are stored once; readers of the old one keep it.
        await rename(path, pathOf(key))
        await syncFolder(shardOf(key))
        return { key, size: file.size }
      } catch (error) {
        await unlink(path).catch((failure: unknown) => ignoreMissing(failure))
        throw storageError(error)
      }
    },

    async stat(key) {
      if (!KEY.test(key)) return null
      const found = await stat(pathOf(key)).catch((error: unknown) => ignoreMissing(error))
      return found === null ? null : { key, size: found.size }
    },

    async read(key, range) {
      const file = await open(pathOf(key), 'r').catch((error: unknown) => ignoreMissing(error))
      if (file === null) throw missing()
      if (range === undefined) return file.createReadStream({ highWaterMark: READ_CHUNK })
      if (range.end <= range.start) {
        await file.close()
        return Readable.from([])
      }
      return file.createReadStream({
        start: range.start,
        end: range.end - 1,
        highWaterMark: READ_CHUNK,
      })
    },

    async download(key, path) {
      // Never a hard link: whoever gets the file could write through it.
      const flags = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE
      const source = pathOf(key)
      try {
        await copyFile(source, path, flags)
      } catch (error) {
        if (isMissing(error) && (await stat(source).catch(ignoreMissing)) === null) throw missing()
        throw storageError(error)
      }
    },

    async localPath(key) {
      const path = pathOf(key)
      if ((await stat(path).catch(ignoreMissing)) === null) throw missing()
      return path
    },

    async delete(key) {
      await unlink(pathOf(key)).catch((error: unknown) => ignoreMissing(error))
    },

    async retire(key, storedBefore) {
      const aside = join(temporary, await claimTemporaryName())
      const path = pathOf(key)
      // Moved before it is judged: a put that comes now stores the bytes anew and finds them kept.
      const moved = await rename(path, aside).then(() => true, ignoreMissing)
      if (moved === null) return
      if ((await stat(aside)).mtimeMs >= storedBefore) await rename(aside, path)
      else await unlink(aside)
    },

    async *keys() {
      // Whoever looks through all that is kept finds what others have left since.
      await removeLeftovers(temporary, sole)
      for (const shard of await readdir(folder)) {
        if (!/^[0-9a-f]{2}$/.test(shard)) continue
        for (const name of await readdir(join(folder, shard))) {
          if (!KEY.test(name)) continue
          const found = await stat(join(folder, shard, name)).catch(ignoreMissing)
          if (found !== null) yield { key: name, storedAt: found.mtimeMs }
        }
      }
    },

    async close() {},
  }
}

function missing(): TersorError {
  return new TersorError('not_found', 'No bytes are stored under this hash')
}

function tooLarge(maxBytes: number): TersorError {
  return new TersorError('payload_too_large', `At most ${maxBytes} bytes are allowed`)
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function ignoreMissing(error: unknown): null {
  if (isMissing(error)) return null
  throw error
}

// A stream as a new file that is there whole or not at all.

import { createWriteStream } from 'node:fs'
import { unlink } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { TersorError } from '#src/domain/errors'

const MOST_TRIES = 5

/** Reads again what turned out to be other bytes than were stored. Throws when the file exists. */
export async function writeWhole(path: string, read: () => Promise<Readable>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const source = await read()
    const target = createWriteStream(path, { flags: 'wx', highWaterMark: 1024 * 1024 })
    try {
      await pipeline(source, target)
      return
    } catch (error) {
      if (isExisting(error)) throw error
      await unlink(path)
      const again = error instanceof TersorError && error.code === 'unavailable'
      if (!again || tries === MOST_TRIES) throw error
    }
  }
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}

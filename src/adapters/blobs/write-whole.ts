// A stream as a new file that is there whole or not at all.

import { open, unlink } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { TersorError } from '#src/domain/errors'

const MOST_TRIES = 5

/** Reads again what turned out to be other bytes than were stored. Throws when the file exists. */
export async function writeWhole(path: string, read: () => Promise<Readable>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const source = await read()
    // Opened before anything flows: a source that fails at once must not race with the making of the file.
    const file = await open(path, 'wx').catch((error: unknown) => {
      source.destroy()
      throw error
    })
    try {
      await pipeline(source, file.createWriteStream({ highWaterMark: 1024 * 1024 }))
      return
    } catch (error) {
      await unlink(path)
      const again = error instanceof TersorError && error.code === 'unavailable'
      if (!again || tries === MOST_TRIES) throw error
    }
  }
}

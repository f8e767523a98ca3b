// Bytes on their way to another machine: their number and hash must be known before they are sent.

import { createHash } from 'node:crypto'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { TersorError } from '#src/domain/errors'
import type { PutOptions } from '#src/ports/blob-store'
import { checkDigest } from './check-digest.ts'
import { HashedFile } from './hashed-file.ts'
import { claimTemporaryName } from './temporary-files.ts'

export interface Spool {
  /** Hex SHA-256. */
  readonly key: string
  readonly size: number
  read(start: number, end: number): Promise<Buffer>
  discard(): Promise<void>
}

/** What is smaller needs no file. */
const IN_MEMORY = 1024 * 1024

/**
 * Bytes beyond the first MiB go to a file of `folder`. A source that fails leaves nothing behind.
 * @throws TersorError payload_too_large, checksum_mismatch
 */
export async function spoolBytes(
  source: AsyncIterable<Uint8Array>,
  folder: string,
  { maxBytes, expectedSha256 }: PutOptions,
): Promise<Spool> {
  const head: Uint8Array[] = []
  let size = 0
  let file: HashedFile | null = null
  const path = join(folder, await claimTemporaryName())
  const discard = async (): Promise<void> => {
    if (file === null) return
    await file.close()
    await unlink(path)
  }
  try {
    for await (const chunk of source) {
      size += chunk.byteLength
      if (size > maxBytes) {
        throw new TersorError('payload_too_large', `At most ${maxBytes} bytes are allowed`)
      }
      if (file === null && size > IN_MEMORY) {
        file = await HashedFile.create(path, false)
        for (const early of head.splice(0)) await file.append(early)
      }
      if (file === null) head.push(chunk)
      else await file.append(chunk)
    }
    const bytes = Buffer.concat(head)
    const key =
      file === null ? createHash('sha256').update(bytes).digest('hex') : await file.finish()
    checkDigest(expectedSha256, key)
    const read = async (start: number, end: number): Promise<Buffer> =>
      file === null ? bytes.subarray(start, end) : await file.read(start, end)
    return { key, size, read, discard }
  } catch (error) {
    await discard()
    throw error
  }
}

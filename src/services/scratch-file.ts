// A blob as a local file for the length of a call.

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobKey } from '#src/domain/records'
import type { ServiceContext } from './service-context.ts'

/**
 * Gives the blob as a file at `path`, to be read only, and a fresh folder that is gone when the call ends.
 * `filename` is what the file is called where the store keeps no file to read from.
 */
export async function withBlobFile<T>(
  context: Pick<ServiceContext, 'blobs' | 'options'>,
  key: BlobKey,
  filename: string,
  use: (path: string, folder: string) => Promise<T>,
): Promise<T> {
  await mkdir(context.options.scratch, { recursive: true })
  const folder = await mkdtemp(join(context.options.scratch, 'request-'))
  try {
    const stored = await context.blobs.localPath(key)
    if (stored !== null) return await use(stored, folder)
    const path = join(folder, filename)
    await context.blobs.download(key, path)
    return await use(path, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

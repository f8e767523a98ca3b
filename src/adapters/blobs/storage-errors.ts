// What a disk says, in the words of the service; and how a folder's entries are made durable.

import { open } from 'node:fs/promises'
import { TersorError } from '#src/domain/errors'

const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** `storage_full` for a full disk or quota; anything else as it is. */
export function storageError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' && FULL.has(code)
    ? new TersorError('storage_full', 'There is no room for these bytes', { cause: error })
    : error
}

/** A new name in a folder outlives a power cut only once the folder itself is flushed. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

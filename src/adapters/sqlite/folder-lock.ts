// One process per data folder. The lock is one of the kernel's, taken through SQLite: it goes with the process, however that ends.

import { join } from 'node:path'
import Database from 'libsql'

export class FolderInUseError extends Error {
  readonly folder: string

  constructor(folder: string) {
    super(
      `The data folder ${folder} is in use by another Tersor process: stop that process, or set TERSOR_DATA_DIR to another folder`,
    )
    this.name = 'FolderInUseError'
    this.folder = folder
  }
}

export interface FolderLock {
  release(): void
}

const SQLITE_BUSY = 5

/** Locks an existing folder until `release` or the end of the process. Throws FolderInUseError. */
export function lockFolder(folder: string): FolderLock {
  const database = new Database(join(folder, 'lock.db'))
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Database.SqliteError && error.rawCode === SQLITE_BUSY) {
      throw new FolderInUseError(folder)
    }
    throw error
  }
  return { release: () => void database.close() }
}

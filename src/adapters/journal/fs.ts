// A journal in a folder, which every process of the service must see: on one machine, or a shared volume.

import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, readdir, rename, rm, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { RecordJournal } from '#src/ports/record-journal'
import { storageError, syncFolder } from '../blobs/storage-errors.ts'
import type { JournalObject, JournalObjects } from './journal-objects.ts'
import { objectJournal } from './object-journal.ts'

export interface FsJournalOptions {
  /** Created if absent. */
  readonly folder: string
}

/** A file that is still being written after so long was left by a process that died. */
const LEFTOVER_MS = 3600 * 1000

export async function openFsJournal({ folder }: FsJournalOptions): Promise<RecordJournal> {
  await mkdir(join(folder, 'tmp'), { recursive: true })
  await removeLeftovers(join(folder, 'tmp'))
  return objectJournal(fsObjects(folder))
}

function fsObjects(folder: string): JournalObjects {
  return {
    async put(name, body) {
      const path = join(folder, name)
      const temporary = join(folder, 'tmp', randomUUID())
      try {
        const file = await open(temporary, 'wx')
        try {
          await file.writeFile(body)
          await file.sync()
        } finally {
          await file.close()
        }
        const made = await mkdir(dirname(path), { recursive: true })
        if (made !== undefined) await syncFolder(dirname(made))
        await rename(temporary, path)
        await syncFolder(dirname(path))
      } catch (error) {
        await rm(temporary, { force: true })
        throw storageError(error)
      }
    },

    async get(name) {
      return await readFile(join(folder, name)).catch(orNull)
    },

    async list(prefix) {
      const found = await readdir(join(folder, prefix), {
        recursive: true,
        withFileTypes: true,
      }).catch(orNull)
      const files = (found ?? []).filter((entry) => entry.isFile())
      const objects = await Promise.all(
        files.map((entry) => describe(folder, join(entry.parentPath, entry.name))),
      )
      return objects.filter((object) => object !== null)
    },

    async remove(name) {
      await unlink(join(folder, name)).catch(orNull)
      // The pieces of a snapshot have a folder of their own; the last of them takes it away.
      if (name.split('/').length > 2)
        await rmdir(dirname(join(folder, name))).catch(() => undefined)
    },

    async close() {},
  }
}

/** `null` when it is gone already. */
async function describe(folder: string, path: string): Promise<JournalObject | null> {
  const found = await stat(path).catch(orNull)
  return found === null ? null : { name: relative(folder, path), bytes: found.size }
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await stat(path).catch(orNull)
    if (found !== null && found.mtimeMs < Date.now() - LEFTOVER_MS) await unlink(path).catch(orNull)
  }
}

function orNull(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}

// A folder of scratch files for each process of a host. The lock in it is one of the kernel's and goes with its
// process, however that ends: a folder whose lock can be taken is nobody's, and the next process to look removes it.

import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FolderInUseError, lockFolder } from '#src/adapters/sqlite/folder-lock'

export interface ProcessScratch {
  readonly folder: string
  /** Removes the folder. */
  close(): Promise<void>
}

const LOOK_EVERY_MS = 10 * 60_000
/** A process needs a moment between making its folder and locking it. */
const YOUNG_MS = 60_000

/** @param id of the process, which no other has */
export async function openProcessScratch(
  root: string,
  id: string,
  onError: (error: unknown) => void,
): Promise<ProcessScratch> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  await removeDead(root)
  const own = join(root, id)
  const folder = join(own, 'files')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const lock = lockFolder(own)
  const timer = setInterval(() => void removeDead(root).catch(onError), LOOK_EVERY_MS)
  timer.unref()
  return {
    folder,
    close: async () => {
      clearInterval(timer)
      lock.release()
      await rm(own, { recursive: true, force: true })
    },
  }
}

/** Removes what processes of this host left that did not end in order. */
export async function removeDead(root: string, youngMs: number = YOUNG_MS): Promise<void> {
  for (const name of await readdir(root)) {
    const folder = join(root, name)
    const found = await stat(folder).catch(() => null)
    // `null`: somebody else has just removed it.
    if (found === null || Date.now() - found.mtimeMs < youngMs) continue
    if (found.isDirectory()) await removeUnlocked(folder)
  }
}

async function removeUnlocked(folder: string): Promise<void> {
  try {
    const lock = lockFolder(folder)
    await rm(folder, { recursive: true, force: true })
    lock.release()
  } catch (error) {
    if (!(error instanceof FolderInUseError)) throw error
  }
}

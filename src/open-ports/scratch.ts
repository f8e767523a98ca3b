// The data folder and the part of it for files that live no longer than a request or a job.

import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { lockFolder } from '#src/adapters/sqlite/folder-lock'
import type { Config } from '#src/config'
import type { Closer } from '#src/container'
import { openProcessScratch } from './process-scratch.ts'

/** A lone process locks the data folder: whatever lies in its scratch folder is nobody's then. */
export async function openScratch(
  config: Config,
  id: string,
  log: Logger,
  closers: Closer[],
): Promise<string> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  const root = join(config.dataDir, 'scratch')
  if (config.sharing === 'alone') {
    const lock = lockFolder(config.dataDir)
    closers.push(() => lock.release())
    await rm(root, { recursive: true, force: true })
  }
  const scratch = await openProcessScratch(root, id, (error) =>
    log.warn({ err: error }, 'scratch files of dead processes could not be removed'),
  )
  closers.push(() => scratch.close())
  return scratch.folder
}

// Names of files that are being written, so that those of dead processes can be told from those of living ones.

import { randomUUID } from 'node:crypto'
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Tells this process from an earlier one with the same id, as the first process of a container always has. */
const PROCESS = randomUUID()
let count = 0

export function claimTemporaryName(): string {
  count += 1
  return `${process.pid}.${PROCESS}.${count}`
}

/** Removes the files in this folder whose process is gone. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [pid, owner] = name.split('.')
    if (owner === PROCESS) continue
    if (Number(pid) === process.pid || !isAlive(Number(pid))) await unlink(join(folder, name))
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

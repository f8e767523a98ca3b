// Names of files that are being written, so that those of dead processes can be told from those of living ones.

import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile, readlink, stat, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** Tells this process from an earlier one with the same id, as the first process of a container always has. */
const PROCESS = randomUUID()
/** A process whose id means nothing here has given up a file that it has not written to for this long. */
const ABANDONED_MS = 2 * 3600_000
let count = 0
let place: Promise<string> | null = null

/** Where process ids mean the same: one boot of one machine, and there one namespace, as each container has its own. */
async function placeOfIds(): Promise<string> {
  const parts = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => hostname()),
    readlink('/proc/self/ns/pid').catch(() => 'one'),
  ])
  return createHash('sha256').update(parts.join()).digest('hex').slice(0, 16)
}

export async function claimTemporaryName(): Promise<string> {
  count += 1
  const number = count
  place ??= placeOfIds()
  return `${await place}.${process.pid}.${PROCESS}.${number}`
}

/**
 * Removes the files in this folder whose process is gone.
 * @param sole whether no other process can be writing here
 */
export async function removeLeftovers(folder: string, sole: boolean): Promise<void> {
  place ??= placeOfIds()
  const here = await place
  for (const name of await readdir(folder)) {
    const [where, pid, owner] = name.split('.')
    if (owner === PROCESS) continue
    const path = join(folder, name)
    const left =
      sole ||
      (where === here
        ? Number(pid) === process.pid || !isAlive(Number(pid))
        : await isOlder(path, ABANDONED_MS))
    // Another process may be clearing up, too.
    if (left) await unlink(path).catch(() => undefined)
  }
}

async function isOlder(path: string, milliseconds: number): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found !== null && Date.now() - found.mtimeMs > milliseconds
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

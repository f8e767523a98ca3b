// The processes that a process has started, and those that these have started.

import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

export async function descendantsOf(root: number): Promise<readonly number[]> {
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => null)
    const parent = stat === null ? undefined : /^\d+ \(.*\) \S (\d+)/s.exec(stat)?.[1]
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const found: number[] = []
  for (const pid of parents.keys()) {
    let up = parents.get(pid)
    while (up !== undefined && up !== root && up > 1) up = parents.get(up)
    if (up === root) found.push(pid)
  }
  return found
}

/** Those of a worker's children that train, from their first checkpoint on. */
export async function trainingChildren(worker: number): Promise<readonly number[]> {
  return await childrenWith(worker, 'checkpoints')
}

/** Those of a worker's children that choose steps, from their first trial on. */
export async function searchingChildren(worker: number): Promise<readonly number[]> {
  return await childrenWith(worker, 'trials')
}

async function childrenWith(worker: number, folder: string): Promise<readonly number[]> {
  const children = await descendantsOf(worker)
  return children.filter((pid) => existsSync(`/proc/${pid}/cwd/${folder}`))
}

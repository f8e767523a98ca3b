// Kills a child that takes more memory than it may, where the kernel cannot be asked to.

import { readFile } from 'node:fs/promises'

/** What a child may take too much between two looks is what it can write in this time. */
const LOOK_MS = 100
const KIB = 1024

/** Returns what ends the watch. `onExcess` is called once. */
export function watchMemory(pid: number, maxBytes: number, onExcess: () => void): () => void {
  const timer = setInterval(() => {
    void memoryOf(pid).then((bytes) => {
      if (bytes <= maxBytes) return
      clearInterval(timer)
      onExcess()
    })
  }, LOOK_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** Memory of the process that is no file, swapped out or not: RssAnon + RssShmem + VmSwap. 0 for a process that is gone. */
async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const fields = status.matchAll(/^(?:RssAnon|RssShmem|VmSwap):\s+(\d+) kB$/gmu)
  return [...fields].reduce((sum, [, kib]) => sum + KIB * Number(kib), 0)
}

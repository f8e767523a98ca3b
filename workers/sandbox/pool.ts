// Children started ahead of need, so that a job does not wait for one. Each runs one request and is thrown away.

import type { ChildTask } from './protocol.ts'
import type { Child, ChildSettings } from './spawn-child.ts'
import { spawnChild } from './spawn-child.ts'

type WarmTask = Extract<ChildTask, 'compress' | 'probe'>

/** How many children of each kind wait ready. */
export type PoolSizes = Readonly<Record<WarmTask, number>>

export interface ChildPool {
  /** A child for this task: a waiting one, or a new one. */
  acquire(task: WarmTask): Promise<Child>
  /** Starts what is missing. Called when nothing is measured any more: starting costs the processor time that a running job needs. */
  refill(): void
  close(): Promise<void>
}

export function openChildPool(settings: ChildSettings, sizes: PoolSizes): ChildPool {
  const waiting: Record<WarmTask, Promise<Child>[]> = { compress: [], probe: [] }
  let closed = false
  const refill = (): void => {
    for (const task of ['compress', 'probe'] as const) {
      while (!closed && waiting[task].length < sizes[task]) {
        const child = spawnChild(settings, task)
        // A failure shows when the child is acquired.
        child.catch(() => undefined)
        waiting[task].push(child)
      }
    }
  }
  refill()
  return {
    acquire: async (task) => await (waiting[task].shift() ?? spawnChild(settings, task)),
    refill,
    close: async () => {
      closed = true
      const all = [...waiting.compress.splice(0), ...waiting.probe.splice(0)]
      await Promise.allSettled(all.map(async (child) => (await child).dispose()))
    },
  }
}

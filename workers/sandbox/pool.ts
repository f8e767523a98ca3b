// Children started ahead of need, so that a job does not wait for one. Each runs one request and is thrown away.

import type { Child, ChildSettings } from './spawn-child.ts'
import { spawnChild } from './spawn-child.ts'

export interface ChildPool {
  acquire(): Promise<Child>
  close(): Promise<void>
}

export function openChildPool(settings: ChildSettings, size: number): ChildPool {
  const waiting: Promise<Child>[] = []
  let closed = false
  const fill = (): void => {
    while (!closed && waiting.length < size) {
      const child = spawnChild(settings)
      // A failure shows when the child is acquired.
      child.catch(() => undefined)
      waiting.push(child)
    }
  }
  fill()
  return {
    acquire: async () => {
      const child = await (waiting.shift() ?? spawnChild(settings))
      setImmediate(fill)
      return child
    },
    close: async () => {
      closed = true
      await Promise.allSettled(waiting.splice(0).map(async (child) => (await child).dispose()))
    },
  }
}

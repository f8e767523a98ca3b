// Puts the scheduler's time and chance in the place of the process': the code under test uses the global ones.

import type { Scheduler, TimerHandle } from './scheduler.ts'

type Callback = (...parameters: unknown[]) => void

/** Gives what puts the real ones back. */
export function installVirtualTimers(scheduler: Scheduler): () => void {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis
  const { random } = Math
  const set =
    (repeats: boolean) =>
    (callback: Callback, delay = 0, ...parameters: unknown[]): TimerHandle =>
      scheduler.setTimer(() => callback(...parameters), delay, repeats)
  const clear = (handle: TimerHandle | undefined | null): void => {
    if (handle !== undefined && handle !== null) scheduler.clearTimer(handle)
  }
  Object.assign(globalThis, {
    setTimeout: set(false),
    setInterval: set(true),
    clearTimeout: clear,
    clearInterval: clear,
  })
  Math.random = scheduler.random
  return () => {
    Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval })
    Math.random = random
  }
}

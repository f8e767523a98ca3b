// Children compute when the service has nothing to do: else storing one job's results waits for the work of all others.

import { writeFile } from 'node:fs/promises'
import { getPriority, setPriority } from 'node:os'

/** A third of the weight of a process with none (sched-design-CFS). */
const NICENESS = 5
const LOWEST = 19

/** Of a process that has just been started and has one thread: the others inherit it. */
export function lowerPriority(pid: number): void {
  try {
    setPriority(pid, Math.min(getPriority() + NICENESS, LOWEST))
  } catch {
    // It has ended.
  }
  // Outside of containers each session may be a group of its own, in which niceness counts among its members alone (sched(7)).
  void writeFile(`/proc/${pid}/autogroup`, String(NICENESS)).catch(() => undefined)
}

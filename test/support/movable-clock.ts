// A clock that stands still until it is moved.

import type { Clock } from '#src/ports/clock'

export interface MovableClock extends Clock {
  set(milliseconds: number): void
  advance(milliseconds: number): void
}

export function movableClock(start: number = Date.now()): MovableClock {
  let now = start
  return {
    now: () => now,
    set: (milliseconds) => {
      now = milliseconds
    },
    advance: (milliseconds) => {
      now += milliseconds
    },
  }
}

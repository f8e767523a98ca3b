// Time as an argument, so that tests can move it.

export interface Clock {
  /** Epoch milliseconds. */
  now(): number
}

export const SYSTEM_CLOCK: Clock = { now: () => Date.now() }

/** RFC 3339 UTC. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString()
}

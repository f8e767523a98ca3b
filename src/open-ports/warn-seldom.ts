// A store that is away says so again and again, through every connection: the log hears it now and then.

import type { Logger } from 'pino'

const SILENT_MS = 10_000

/** Gives what logs an error under this name, and leaves out what comes within ten seconds of the last. */
export function warnSeldom(log: Logger, name: string): (error: unknown) => void {
  let last = -Infinity
  let left = 0
  return (error) => {
    if (performance.now() - last < SILENT_MS) {
      left += 1
      return
    }
    last = performance.now()
    log.warn({ err: error, left_out: left }, name)
    left = 0
  }
}

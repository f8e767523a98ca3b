// Loaded into a server before its own program (`node --import`): watches the event loop, and on SIGUSR2 writes what it saw since
// the last time to the file that EVENT_LOOP_FILE names.

import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Milliseconds between two looks. What Node reports contains it: an idle loop shows this much. */
const RESOLUTION = 1
const NANOSECONDS = 1e6

export interface LoopDelay {
  /** Milliseconds that a due callback waited. */
  readonly p50: number
  readonly p99: number
  readonly max: number
}

const file = process.env['EVENT_LOOP_FILE']
if (file === undefined) throw new Error('EVENT_LOOP_FILE is not set')
const delays = monitorEventLoopDelay({ resolution: RESOLUTION })
delays.enable()

process.on('SIGUSR2', () => {
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION)
  const seen: LoopDelay = {
    p50: late(delays.percentile(50)),
    p99: late(delays.percentile(99)),
    max: late(delays.max),
  }
  delays.reset()
  // A reader finds the whole or nothing.
  writeFileSync(`${file}.new`, JSON.stringify(seen))
  renameSync(`${file}.new`, file)
})

// Progress into the record, at most four times a second, with the time that is left.

import type { JobProgress, JobRecord } from '#src/domain/job'
import type { ChildMessage } from '#workers/sandbox/protocol'
import { AttemptLost } from './job-attempt.ts'
import type { JobAttempt } from './job-attempt.ts'

const INTERVAL_MS = 250
/** Below this share the speed says too little about the rest. */
const ETA_FROM = 0.05

type ProgressMessage = Extract<ChildMessage, { kind: 'progress' }>

export interface ProgressWriter {
  report(message: ProgressMessage): void
  /** Waits for a write that is under way; later reports are dropped. */
  stop(): Promise<void>
}

/** `onLost` is called once when the record is no longer ours; `onChange` after each write. */
export function progressWriter(
  attempt: JobAttempt,
  now: () => number,
  onChange: (job: JobRecord) => void,
  onLost: (error: Error) => void,
): ProgressWriter {
  const began = now()
  let latest: ProgressMessage | null = null
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()
  let last = 0
  let stopped = false

  const write = async (): Promise<void> => {
    timer = null
    const message = latest
    latest = null
    if (message === null || stopped) return
    last = now()
    const progress = progressOf(message, now() - began)
    try {
      await attempt.update((job) => ({ ...job, stage: message.stage, progress }))
      onChange(attempt.job)
    } catch (error) {
      if (!(error instanceof AttemptLost)) throw error
      onLost(error)
    }
  }

  return {
    report: (message) => {
      latest = message
      if (timer !== null || stopped) return
      timer = setTimeout(
        () => {
          writing = writing.then(write).catch((error: unknown) => onLost(error as Error))
        },
        Math.max(0, last + INTERVAL_MS - now()),
      )
    },
    stop: async () => {
      stopped = true
      if (timer !== null) clearTimeout(timer)
      await writing
    },
  }
}

function progressOf(message: ProgressMessage, elapsedMs: number): JobProgress {
  const { fraction, step, steps, etaSeconds } = message
  // Elapsed ÷ done · left: right when work is spread evenly over the fraction.
  const eta =
    fraction < ETA_FROM ? null : Math.round(((elapsedMs / fraction) * (1 - fraction)) / 1000)
  return { fraction, step, steps, message: message.message, eta_seconds: etaSeconds ?? eta }
}

// How a child ended without a result, in the words of the error table.

import type { ErrorCode } from '#src/domain/errors'

export class ChildFailure extends Error {
  readonly code: ErrorCode
  readonly stage: string
  /** Public: no paths, stacks or runtime text. */
  readonly detail: string
  /** Died by itself: the same model may kill the next child too. */
  readonly crashed: boolean

  constructor(code: ErrorCode, stage: string, detail: string, crashed = false) {
    super(`${code} during ${stage}: ${detail}`)
    this.name = 'ChildFailure'
    this.code = code
    this.stage = stage
    this.detail = detail
    this.crashed = crashed
  }
}

const CRASH_SIGNALS: Record<string, string> = {
  SIGSEGV: 'an invalid memory access',
  SIGBUS: 'an invalid memory access',
  SIGFPE: 'an arithmetic fault',
  SIGILL: 'an invalid instruction',
  SIGABRT: 'an abort',
  SIGTRAP: 'a trap',
}

/** What the end of a process that sent no result means. `errors`: the end of what it wrote to stderr. */
export function failureOfExit(
  code: number | null,
  signal: NodeJS.Signals | null,
  stage: string,
  errors: string,
): ChildFailure {
  const memory = /heap out of memory|bad_alloc|Cannot allocate memory|Zone Allocation failed/.test(
    errors,
  )
  if (memory || signal === 'SIGKILL') {
    return new ChildFailure(
      'out_of_memory',
      stage,
      `the job ran out of memory during ${stage}`,
      true,
    )
  }
  if (signal === 'SIGXCPU') {
    return new ChildFailure(
      'deadline_exceeded',
      stage,
      `the job used more processor time than its timeout`,
    )
  }
  const what = signal === null ? `exit code ${code}` : (CRASH_SIGNALS[signal] ?? signal)
  return new ChildFailure(
    'runtime_crashed',
    stage,
    `the runtime ended with ${what} during ${stage}`,
    true,
  )
}

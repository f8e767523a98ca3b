// Calls that may fail for a while: again after a pause that doubles, with jitter, or as long as the service asks for.

import type { Problem } from './index.ts'

export interface RetryOptions {
  readonly tries: number
  readonly signal: AbortSignal | undefined
}

/** An answer other than success whose problem, if it has one, is not known to be of this API. */
export class HttpStatusError extends Error {
  readonly status: number
  readonly retryAfterSeconds: number | null

  constructor(status: number, retryAfter: string | null) {
    super(`the answer was ${status}`)
    this.name = 'HttpStatusError'
    this.status = status
    this.retryAfterSeconds = retryAfter === null ? null : Number(retryAfter)
  }
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 15_000
const TRANSIENT: readonly number[] = [408, 429, 500, 502, 503, 504, 507]
/** What an object store says of a presigned URL whose time is over. */
const FORBIDDEN = 403

export async function withRetries<T>(
  { tries, signal }: RetryOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let failed = 0; ;) {
    try {
      return await attempt()
    } catch (error) {
      failed += 1
      if (failed >= tries || !isTransient(error) || signal?.aborted === true) throw error
      await pause(pauseMs(failed, error), signal)
    }
  }
}

/** Whether the same call may succeed later: no answer came, or one that says so. */
export function isTransient(error: unknown): boolean {
  if (error instanceof HttpStatusError) {
    return error.status === FORBIDDEN || TRANSIENT.includes(error.status)
  }
  const problem = (error as { problem?: Problem }).problem
  if (problem !== undefined) return TRANSIENT.includes(problem.status)
  // What fetch throws when there is no connection, or it breaks.
  return error instanceof TypeError
}

/** The pause doubles with every failure; a random half of it keeps clients apart. */
function pauseMs(failed: number, error: unknown): number {
  if (error instanceof HttpStatusError && error.retryAfterSeconds !== null) {
    return Math.min(error.retryAfterSeconds * 1000, LONGEST_PAUSE_MS)
  }
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (failed - 1), LONGEST_PAUSE_MS)
  return longest * (0.5 + Math.random() / 2)
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

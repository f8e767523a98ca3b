// What Redis or the connection to it says, in the words of the service.

import { TersorError } from '#src/domain/errors'

/** Answers of a server that may serve the same command later. */
const PASSING =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|BUSY|UNKILLABLE)\b/
const RETRY_AFTER_SECONDS = '1'

export function unavailable(detail: string, cause: unknown = null): TersorError {
  return new TersorError('unavailable', detail, {
    headers: { 'retry-after': RETRY_AFTER_SECONDS },
    ...(cause === null ? {} : { cause }),
  })
}

/**
 * `storage_full` when Redis has no memory or disk left, `unavailable` while it cannot answer; anything else is as it is:
 * a mistake of ours. After `unavailable`, a command may or may not have been executed.
 */
export function redisError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TersorError) return error
  if (error.name !== 'ReplyError') return unavailable('the store cannot be reached', error)
  const { message } = error
  if (/\bOOM command not allowed\b/.test(message) || /No space left/i.test(message)) {
    return new TersorError('storage_full', 'The store cannot grow', { cause: error })
  }
  return PASSING.test(message) ? unavailable('the store cannot answer now', error) : error
}

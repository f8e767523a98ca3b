// What an object store says, in the words of the service.

import { S3ServiceException } from '@aws-sdk/client-s3'
import { TersorError } from '#src/domain/errors'

const ABSENT = new Set(['NoSuchKey', 'NotFound'])
const FULL = /quota|insufficientstorage|storagefull|diskfull/i
/** Of Node: the store was not reached, or the connection broke. */
const CONNECTION = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** Whether there is no object under the name. A missing bucket is a mistake of the operator, not an absence. */
export function isAbsent(error: unknown): boolean {
  return error instanceof S3ServiceException && ABSENT.has(error.name)
}

/** `unavailable`, `storage_full` or `not_found`; what is neither the store's state nor an absence, as it is. */
export function s3Error(error: unknown): unknown {
  if (error instanceof TersorError || !(error instanceof Error)) return error
  if (isAbsent(error)) {
    return new TersorError('not_found', 'The object store has nothing under this name')
  }
  if (isFull(error)) {
    return new TersorError('storage_full', 'The object store has no room', { cause: error })
  }
  if (isPassing(error)) {
    return new TersorError('unavailable', 'The object store does not answer now', {
      headers: { 'retry-after': '5' },
      cause: error,
    })
  }
  return error
}

/** Whether the same request may succeed later. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const status = statusOf(error)
  if (status !== null) return status >= 500 || status === 429 || status === 408
  const code = 'code' in error ? String(error.code) : ''
  return CONNECTION.has(code) || error.name === 'TimeoutError' || error.message === 'aborted'
}

export function isFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return statusOf(error) === 507 || (error instanceof S3ServiceException && FULL.test(error.name))
}

function statusOf(error: Error): number | null {
  if (!('$metadata' in error)) return null
  const { httpStatusCode } = error.$metadata as { readonly httpStatusCode?: number }
  return httpStatusCode ?? null
}

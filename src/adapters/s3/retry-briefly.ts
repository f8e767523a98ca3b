// Tries again what may succeed, a few times and with jitter; whoever waits behind a request is told within a minute.

import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { isFull } from './s3-error.ts'

type RetryStrategy = Extract<
  NonNullable<S3ClientConfig['retryStrategy']>,
  { acquireInitialRetryToken: unknown }
>

interface Token {
  readonly count: number
  readonly delay: number
  readonly startedAt: number
  getRetryCount(): number
  getRetryDelay(): number
}

/** Where one request in ten fails, one operation in 10⁸ does. */
const MOST_RETRIES = 7
const MOST_MS = 45_000
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5_000

/** Tokens of the SDK's own strategy are shared by all requests and run out in an outage: these belong to one request. */
export function retryBriefly(): RetryStrategy {
  return {
    async acquireInitialRetryToken() {
      return token(0, 0, performance.now())
    },
    async refreshRetryTokenForRetry(renewed, { errorType, error }) {
      const { count, startedAt } = renewed as Token
      const elapsed = performance.now() - startedAt
      const hopeless = errorType === 'CLIENT_ERROR' || isFull(error)
      if (hopeless || count >= MOST_RETRIES || elapsed > MOST_MS) {
        throw error ?? new Error('the request failed')
      }
      return token(count + 1, retryDelay(count), startedAt)
    },
    recordSuccess() {},
  }
}

/** Full jitter: many clients that failed together come back apart. */
export function retryDelay(count: number): number {
  return Math.random() * Math.min(FIRST_DELAY_MS * 2 ** count, LONGEST_DELAY_MS)
}

function token(count: number, delay: number, startedAt: number): Token {
  return {
    count,
    delay,
    startedAt,
    getRetryCount: () => count,
    getRetryDelay: () => delay,
  }
}

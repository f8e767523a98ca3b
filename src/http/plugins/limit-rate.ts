// Requests per key within a minute (draft-ietf-httpapi-ratelimit-headers).

import type { FastifyReply } from 'fastify'
import { TersorError } from '#src/domain/errors'

const WINDOW_SECONDS = 60

export interface RateLimiter {
  /** Counts one request of the key and tells in the headers what is left. Throws TersorError rate_limited. */
  count(key: string, reply: FastifyReply): void
}

export function rateLimiter(quota: number, now: () => number = Date.now): RateLimiter {
  let windowStart = 0
  const used = new Map<string, number>()
  return {
    count: (key, reply) => {
      const seconds = Math.floor(now() / 1000)
      if (seconds - windowStart >= WINDOW_SECONDS) {
        windowStart = seconds
        used.clear()
      }
      const count = (used.get(key) ?? 0) + 1
      used.set(key, count)
      const left = WINDOW_SECONDS - (seconds - windowStart)
      reply.header('ratelimit-policy', `"default";q=${quota};w=${WINDOW_SECONDS}`)
      reply.header('ratelimit', `"default";r=${Math.max(0, quota - count)};t=${left}`)
      if (count <= quota) return
      throw new TersorError('rate_limited', `at most ${quota} requests a minute`, {
        headers: { 'retry-after': String(left) },
      })
    },
  }
}

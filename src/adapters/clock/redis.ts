// The time of Redis, for all processes that share it: the clocks of their machines may be apart, and may jump.

import type { Redis } from 'ioredis'
import type { Clock } from '#src/ports/clock'
import { waitForRedis } from '../redis/connection.ts'

export interface RedisClockOptions {
  /** Stays open when the clock is closed. */
  readonly redis: Redis
  readonly onError: (error: unknown) => void
}

export interface RedisClock extends Clock {
  close(): void
}

const CONNECT_MS = 5000
const SYNC_MS = 30_000
const FIRST_SAMPLES = 3
/** An answer that took longer says too little. */
const WORST_TRIP_MS = 1000

interface Sample {
  /** Epoch milliseconds of Redis at `at` of this process' monotonic clock. */
  readonly time: number
  readonly at: number
  readonly tripMs: number
}

/**
 * Between two looks at Redis the monotonic clock of this process goes on. Never goes back. Until Redis has answered
 * once, it is the time of this machine.
 */
export async function openRedisClock({ redis, onError }: RedisClockOptions): Promise<RedisClock> {
  let base: Sample = { time: Date.now(), at: performance.now(), tripMs: Infinity }
  let last = 0

  async function sample(): Promise<Sample> {
    const before = performance.now()
    const [seconds, microseconds] = await redis.time()
    const at = performance.now()
    const tripMs = at - before
    const time = Number(seconds) * 1000 + Number(microseconds) / 1000 + tripMs / 2
    return { time, at, tripMs }
  }

  await waitForRedis(redis, CONNECT_MS)
  for (let count = 0; count < FIRST_SAMPLES; count += 1) {
    const next = await sample().catch(() => null)
    if (next !== null && next.tripMs < base.tripMs) base = next
  }
  const timer = setInterval(() => {
    sample().then((next) => {
      if (next.tripMs < WORST_TRIP_MS) base = next
    }, onError)
  }, SYNC_MS)
  timer.unref()
  return {
    now: () => {
      last = Math.max(last, Math.round(base.time + performance.now() - base.at))
      return last
    },
    close: () => clearInterval(timer),
  }
}

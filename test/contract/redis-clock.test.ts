import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openRedisClock } from '#src/adapters/clock/redis'
import { openRedisConnection } from '#src/adapters/redis/connection'

let redis: Redis

beforeAll(() => {
  redis = new Redis(process.env['TERSOR_TEST_REDIS_URL']!)
})
afterAll(() => redis.quit())

/** Clocks of the tests are minutes apart; an answer of Redis takes a while on a loaded machine. */
const CLOSE_MS = 5000

async function redisNow(): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Number(microseconds) / 1000
}

test('tells the time of Redis, whatever this machine says, and however it jumps', async () => {
  const real = Date.now
  const spy = vi.spyOn(Date, 'now').mockImplementation(() => real() + 600_000)
  const clock = await openRedisClock({ redis, onError: () => {} })
  try {
    expect(Math.abs(clock.now() - (await redisNow()))).toBeLessThan(CLOSE_MS)
    spy.mockImplementation(() => real() - 600_000)
    expect(Math.abs(clock.now() - (await redisNow()))).toBeLessThan(CLOSE_MS)
  } finally {
    clock.close()
    spy.mockRestore()
  }
})

test('waits for a connection that is being made', async () => {
  const fresh = openRedisConnection(process.env['TERSOR_TEST_REDIS_URL']!, 'producer', {
    onError: () => {},
  })
  const real = Date.now
  const spy = vi.spyOn(Date, 'now').mockImplementation(() => real() - 600_000)
  const clock = await openRedisClock({ redis: fresh, onError: () => {} })
  try {
    expect(Math.abs(clock.now() - (await redisNow()))).toBeLessThan(CLOSE_MS)
  } finally {
    clock.close()
    spy.mockRestore()
    await fresh.quit()
  }
})

test('never goes back', async () => {
  const clock = await openRedisClock({ redis, onError: () => {} })
  const times = Array.from({ length: 10_000 }, () => clock.now())
  expect(times).toEqual(times.toSorted((one, other) => one - other))
  clock.close()
})

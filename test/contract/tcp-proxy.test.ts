// The link that other tests cut: that it does what it says, with Redis behind it.

import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTcpProxy } from '#test/support/tcp-proxy'
import type { TcpProxy } from '#test/support/tcp-proxy'

let link: TcpProxy
let redis: Redis

beforeEach(async () => {
  const { hostname, port } = new URL(process.env['TERSOR_TEST_REDIS_URL']!)
  link = await startTcpProxy({ host: hostname, port: Number(port) })
  redis = new Redis({
    host: link.host,
    port: link.port,
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
  })
  redis.on('error', () => {})
  await redis.ping()
})

afterEach(async () => {
  redis.disconnect()
  await link.close()
})

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

it('delays every answer, both ways', async () => {
  link.delay(60)
  expect(await timed(() => redis.ping())).toBeGreaterThanOrEqual(118)
  await link.restore()
  const quick = []
  for (let count = 0; count < 10; count += 1) quick.push(await timed(() => redis.ping()))
  expect(Math.min(...quick)).toBeLessThan(100)
})

it('holds back what is sent while it is silent', async () => {
  link.silence()
  let answered = false
  const answer = redis.ping().then(() => {
    answered = true
  })
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(answered).toBe(false)
  await link.restore()
  await answer
})

it('breaks and refuses connections while it is cut', async () => {
  const closed = new Promise((resolve) => redis.once('close', resolve))
  link.cut()
  await closed
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(redis.status).not.toBe('ready')
  await link.restore()
  expect(await redis.ping()).toBe('PONG')
})

it('breaks connections at the rate it is given', async () => {
  let broken = 0
  redis.on('close', () => {
    broken += 1
  })
  link.drop(0.2)
  for (let count = 0; count < 50; count += 1) await redis.ping()
  expect(broken).toBeGreaterThan(5)
})

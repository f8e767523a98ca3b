// News between processes, and what becomes of it when Redis goes and comes back.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { openRedisFeed } from '#src/adapters/feed/redis'
import { closeRedisConnection, openRedisConnection } from '#src/adapters/redis/connection'
import type { FeedMessage, ProgressFeed } from '#src/ports/progress-feed'
import { startRedisServer } from '#test/support/servers/redis-server'
import type { RedisServer } from '#test/support/servers/redis-server'
import { startTcpProxy } from '#test/support/tcp-proxy'

type Address = Pick<RedisServer, 'host' | 'port'>

let server: RedisServer
const closers: (() => Promise<void>)[] = []

beforeAll(async () => {
  server = await startRedisServer()
})

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

afterAll(() => server.close())

async function openFeed(
  prefix = '{test}',
  { host, port }: Address = server,
): Promise<ProgressFeed> {
  const options = { onError: () => {} }
  const url = `redis://${host}:${port}`
  const publisher = openRedisConnection(server.url, 'producer', options)
  const subscriber = openRedisConnection(url, 'subscriber', options)
  const feed = await openRedisFeed({ publisher, subscriber, prefix, ...options })
  closers.push(async () => {
    await feed.close()
    await closeRedisConnection(publisher)
    await closeRedisConnection(subscriber)
  })
  return feed
}

async function heardBy(feed: ProgressFeed, job: string): Promise<FeedMessage[]> {
  const heard: FeedMessage[] = []
  await feed.subscribe(job, (message) => heard.push(message))
  return heard
}

it('reaches other processes, and no service with another prefix', async () => {
  const [one, other, stranger] = [await openFeed(), await openFeed(), await openFeed('{other}')]
  const job = await heardBy(other, 'job_1')
  const all = await heardBy(other, '*')
  const elsewhere = await heardBy(stranger, '*')
  await one.publish({ job: 'job_1', kind: 'cancel' })
  await one.publish({ job: 'job_2', kind: 'changed' })
  await vi.waitFor(() => expect(all).toHaveLength(2), 15_000)
  expect(job).toEqual([{ job: 'job_1', kind: 'cancel' }])
  expect(elsewhere).toEqual([])
})

it('hears again what is told after Redis came back', async () => {
  const [one, other] = [await openFeed(), await openFeed()]
  const job = await heardBy(other, 'job_1')
  const all = await heardBy(other, '*')
  await server.kill()
  const began = performance.now()
  await one.publish({ job: 'job_1', kind: 'changed' })
  const late = heardBy(other, 'job_2')
  expect((await late).length).toBe(0)
  expect(performance.now() - began).toBeLessThan(10_000)
  await server.start()
  await vi.waitFor(
    async () => {
      await one.publish({ job: 'job_1', kind: 'changed' })
      await one.publish({ job: 'job_2', kind: 'changed' })
      expect(job.length).toBeGreaterThan(0)
      expect(all.length).toBeGreaterThan(1)
      expect((await late).length).toBeGreaterThan(0)
    },
    { timeout: 10_000, interval: 100 },
  )
})

it('gives up a link that went silent, and hears again over a new one', async () => {
  const link = await startTcpProxy({ host: server.host, port: server.port })
  closers.push(() => link.close())
  const [one, other] = [await openFeed(), await openFeed('{test}', link)]
  const heard = await heardBy(other, 'job_1')
  link.silence()
  await one.publish({ job: 'job_1', kind: 'cancel' })
  // Longer than a ping and its answer may take: what was held back meanwhile belongs to a connection that is gone.
  await sleep(12_000)
  await link.restore()
  await vi.waitFor(
    async () => {
      await one.publish({ job: 'job_1', kind: 'log' })
      expect(heard).toContainEqual({ job: 'job_1', kind: 'log' })
    },
    { timeout: 10_000, interval: 100 },
  )
  expect(heard).not.toContainEqual({ job: 'job_1', kind: 'cancel' })
})

// A Redis of its own that is killed, restarted and emptied while claimers wait and hold.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRedisConnection } from '#src/adapters/redis/connection'
import { openBullmqQueue } from '#src/adapters/queue/bullmq'
import type { Claim, JobQueue } from '#src/ports/job-queue'
import { startRedisServer } from '#test/support/servers/redis-server'
import type { RedisServer } from '#test/support/servers/redis-server'
import { ANY_WORKER, queueEntry } from './sample-entries.ts'

const NEVER = new AbortController().signal
/** Until a connection is back: reconnecting backs off up to 2 s. */
const BACK_MS = 5000

describe('the queue while Redis fails', () => {
  let server: RedisServer
  let queue: JobQueue
  let errors: number

  beforeEach(async () => {
    server = await startRedisServer({ appendFsync: 'always' })
    errors = 0
    queue = await openBullmqQueue({
      url: server.url,
      prefix: '{outage}',
      groupPlaces: { compress: 10, 'deliver-webhook': 10 },
      onError: () => {
        errors += 1
      },
    })
  })

  afterEach(async () => {
    await queue.close()
    await server.close()
  })

  function connect(): Redis {
    return openRedisConnection(server.url, 'worker', { onError: () => {} })
  }

  function claim(leaseMs = 60_000): Promise<Claim | null> {
    return queue.claim('compress', ANY_WORKER, leaseMs, NEVER)
  }

  async function untilBack<T>(act: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + BACK_MS
    for (;;) {
      try {
        return await act()
      } catch (error) {
        if (performance.now() > deadline) throw error
        await sleep(50)
      }
    }
  }

  it('refuses to enqueue while Redis is away, and takes it when Redis is back', async () => {
    await server.kill()
    await sleep(50)
    const before = performance.now()
    await expect(queue.enqueue(queueEntry('a'))).rejects.toMatchObject({ code: 'unavailable' })
    // After two seconds, and what a loaded machine adds.
    expect(performance.now() - before).toBeLessThan(8000)
    await server.start()
    await untilBack(() => queue.enqueue(queueEntry('a')))
    expect((await claim())?.id).toBe('a')
  })

  it('goes on waiting over a kill and a restart', async () => {
    const waiting = [claim(), claim()]
    await sleep(50)
    await server.kill()
    await sleep(1500)
    expect(errors).toBeLessThan(60)
    await server.start()
    await untilBack(() => queue.enqueue(queueEntry('a')))
    const before = performance.now()
    await untilBack(() => queue.enqueue(queueEntry('b')))
    const ids = (await Promise.all(waiting)).map((claimed) => claimed?.id)
    expect(ids.toSorted()).toEqual(['a', 'b'])
    expect(performance.now() - before).toBeLessThan(BACK_MS)
  })

  it('keeps entries and leases over a kill and a restart', async () => {
    await queue.enqueue(queueEntry('a'))
    await queue.enqueue(queueEntry('b'))
    await queue.enqueue(queueEntry('later', { notBefore: Date.now() + 60_000 }))
    const held = (await claim())!
    await server.kill()
    await server.start()
    expect(await untilBack(() => queue.renew(held, 60_000))).toBe(true)
    expect(await queue.depth('compress')).toEqual({ waiting: 2, claimed: 1 })
    expect((await claim())?.id).toBe('b')
    expect(await queue.complete(held)).toBe(true)
    expect(await queue.has('compress', 'a')).toBe(false)
  })

  it('hands a claim whose lease ended during the outage to the next', async () => {
    await queue.enqueue(queueEntry('a'))
    const lost = (await claim(300))!
    await server.kill()
    await sleep(400)
    await server.start()
    const next = (await claim())!
    expect(next.id).toBe('a')
    expect(await queue.complete(lost)).toBe(false)
    expect(await queue.complete(next)).toBe(true)
  })

  it('survives an emptied Redis: claims are lost, claimers go on', async () => {
    await queue.enqueue(queueEntry('a'))
    await queue.enqueue(queueEntry('b'))
    const held = (await claim())!
    const redis = connect()
    await redis.flushall()
    expect(await queue.renew(held, 60_000)).toBe(false)
    expect(await queue.complete(held)).toBe(false)
    expect(await queue.release(held, 0)).toBe(false)
    expect(await queue.has('compress', 'b')).toBe(false)
    expect(await queue.depth('compress')).toEqual({ waiting: 0, claimed: 0 })
    const waiting = claim()
    await sleep(50)
    await redis.flushall()
    await queue.enqueue(queueEntry('a'))
    expect((await waiting)?.id).toBe('a')
    await redis.quit()
    expect(errors).toBe(0)
  })

  it('opens and closes while Redis is away', async () => {
    await server.kill()
    const early = await openBullmqQueue({
      url: server.url,
      prefix: '{early}',
      groupPlaces: { compress: 10, 'deliver-webhook': 10 },
      onError: () => {},
    })
    const waiting = early.claim('compress', ANY_WORKER, 60_000, NEVER)
    await server.start()
    await untilBack(() => early.enqueue(queueEntry('a')))
    expect((await waiting)?.id).toBe('a')
    const last = early.claim('compress', ANY_WORKER, 60_000, NEVER)
    await server.kill()
    const before = performance.now()
    await early.close()
    expect(performance.now() - before).toBeLessThan(8000)
    expect(await last).toBeNull()
  })

  it('connects anew when claimers hear nothing for long', async () => {
    const told: string[] = []
    const patient = await openBullmqQueue({
      url: server.url,
      prefix: '{silent}',
      groupPlaces: { compress: 10, 'deliver-webhook': 10 },
      onError: (error) => told.push(String(error)),
      silentMs: 600,
    })
    const waiting = patient.claim('compress', ANY_WORKER, 60_000, NEVER)
    await server.kill()
    await sleep(1500)
    expect(told.some((text) => text.includes('connects anew'))).toBe(true)
    await server.start()
    await untilBack(() => patient.enqueue(queueEntry('a')))
    expect((await waiting)?.id).toBe('a')
    await patient.close()
  })

  it('hears again from a server that had stopped answering', async () => {
    const redis = connect()
    const waiting = claim()
    await sleep(50)
    await redis.call('CLIENT', 'PAUSE', '3000', 'ALL')
    await untilBack(() => queue.enqueue(queueEntry('a')))
    expect((await waiting)?.id).toBe('a')
    await redis.quit()
  })
})

// Two drivers on one Redis, as two processes would have.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openBullmqQueue } from '#src/adapters/queue/bullmq'
import type { Claim, JobQueue, TaskKind } from '#src/ports/job-queue'
import { testRedisUrl } from '#test/support/test-redis'
import { ANY_WORKER, queueEntry } from './sample-entries.ts'

const PLACES = { compress: 3, 'deliver-webhook': 3 }
const NEVER = new AbortController().signal

describe('two processes', () => {
  let prefix: string
  let queues: JobQueue[]
  let errors: unknown[]

  async function open(): Promise<JobQueue> {
    const queue = await openBullmqQueue({
      url: testRedisUrl(),
      prefix: `{${prefix}}`,
      groupPlaces: PLACES,
      onError: (error) => errors.push(error),
    })
    queues.push(queue)
    return queue
  }

  beforeEach(() => {
    prefix = `processes-${randomUUID()}`
    queues = []
    errors = []
  })

  afterEach(async () => {
    await Promise.all(queues.map((queue) => queue.close()))
    expect(errors).toEqual([])
  })

  async function claim(queue: JobQueue, leaseMs = 60_000): Promise<Claim> {
    const claimed = await queue.claim('compress', ANY_WORKER, leaseMs, NEVER)
    if (claimed === null) throw new Error('The queue closed')
    return claimed
  }

  async function claimNow(queue: JobQueue, kind: TaskKind = 'compress'): Promise<Claim | null> {
    return await queue.claim(kind, ANY_WORKER, 60_000, AbortSignal.timeout(300))
  }

  it('hear each other at once', async () => {
    const [api, worker] = [await open(), await open()]
    const delays: number[] = []
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      const waiting = claim(worker)
      await sleep(50)
      const before = performance.now()
      await api.enqueue(queueEntry(id))
      const claimed = await waiting
      delays.push(performance.now() - before)
      expect(claimed.id).toBe(id)
      await worker.complete(claimed)
    }
    // Well below the poll of a second: the bell was heard. On a loaded machine not every time.
    expect(Math.min(...delays)).toBeLessThan(500)
  })

  it('serve groups by turns together', async () => {
    const [first, second] = [await open(), await open()]
    for (const id of ['a0', 'a1', 'a2']) await first.enqueue(queueEntry(id, { group: 'a' }))
    for (const id of ['b0', 'b1']) await second.enqueue(queueEntry(id, { group: 'b' }))
    await second.enqueue(queueEntry('c0', { group: 'c' }))
    const order: string[] = []
    for (let round = 0; round < 3; round += 1) {
      order.push((await claim(first)).id, (await claim(second)).id)
    }
    expect(order).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'a2'])
  })

  it('keep the places of a group together', async () => {
    const [first, second] = [await open(), await open()]
    for (let count = 0; count < 6; count += 1) await first.enqueue(queueEntry(`a${count}`))
    const held = [await claim(first), await claim(second), await claim(first)]
    expect(await claimNow(first)).toBeNull()
    expect(await claimNow(second)).toBeNull()
    const waiting = claim(second)
    await first.complete(held[0]!)
    expect((await waiting).id).toBe('a3')
    expect(await first.depth('compress')).toEqual({ waiting: 2, claimed: 3 })
  })

  it('share the turn and the places of a group whose entries ask for different things', async () => {
    const queue = await open()
    const gpu = { accelerator: 'cuda', memory_bytes: 2 ** 30, revision: 1 } as const
    const large = { accelerator: 'any', memory_bytes: 2 ** 32, revision: 0 } as const
    await queue.enqueue(queueEntry('a-gpu', { group: 'a', needs: gpu }))
    await queue.enqueue(queueEntry('a-large', { group: 'a', needs: large }))
    await queue.enqueue(queueEntry('a-small', { group: 'a', priority: 1 }))
    await queue.enqueue(queueEntry('b', { group: 'b', needs: gpu }))
    await queue.enqueue(queueEntry('a-last', { group: 'a' }))
    const positions = await Promise.all(
      ['a-gpu', 'a-large', 'a-small', 'b', 'a-last'].map((id) => queue.position('compress', id)),
    )
    expect(positions).toEqual([2, 3, 0, 1, 4])
    const able = { ...ANY_WORKER, accelerators: ['cpu', 'cuda'] } as const
    const order: string[] = []
    for (let count = 0; count < 4; count += 1) {
      order.push((await queue.claim('compress', able, 60_000, NEVER))!.id)
    }
    expect(order).toEqual(['a-small', 'b', 'a-gpu', 'a-large'])
    // Three places of group a are taken.
    expect(await queue.claim('compress', able, 60_000, AbortSignal.timeout(200))).toBeNull()
  })

  it('take over what one that is gone held, when its lease has run out', async () => {
    const [gone, left] = [await open(), await open()]
    await gone.enqueue(queueEntry('a'))
    await gone.enqueue(queueEntry('b'))
    await claim(gone, 3000)
    await claim(gone, 3000)
    const before = performance.now()
    await gone.close()
    expect(performance.now() - before).toBeLessThan(8000)
    const taken = [await claim(left), await claim(left)]
    expect(taken.map(({ id }) => id).sort()).toEqual(['a', 'b'])
    const waited = performance.now() - before
    expect(waited).toBeLessThan(15_000)
    for (const claimed of taken) expect(await left.complete(claimed)).toBe(true)
    expect(await left.depth('compress')).toEqual({ waiting: 0, claimed: 0 })
  })

  it('leave nothing behind in Redis but the number of turns', async () => {
    const queue = await open()
    for (let count = 0; count < 5; count += 1) {
      await queue.enqueue(queueEntry(`a${count}`, { group: `g${count}` }))
    }
    await queue.remove('compress', 'a0')
    for (let count = 0; count < 4; count += 1) await queue.complete(await claim(queue))
    expect(await keysBelow(prefix)).toEqual([`{${prefix}}:queue:turns`])
  })

  it('claim each of 2000 entries once', async () => {
    const processes = [await open(), await open()]
    const ids = Array.from({ length: 2000 }, (_, index) => `e${index}`)
    const seen: string[] = []
    const stop = new AbortController()
    const claimers = [0, 1, 0, 1].map(async (which) => {
      const queue = processes[which]!
      while (seen.length < ids.length) {
        const claimed = await queue.claim('compress', ANY_WORKER, 60_000, stop.signal)
        if (claimed === null) return
        seen.push(claimed.id)
        expect(await queue.complete(claimed)).toBe(true)
      }
      stop.abort()
    })
    for (let from = 0; from < ids.length; from += 100) {
      await Promise.all(
        ids
          .slice(from, from + 100)
          .map((id, index) =>
            processes[index % 2]!.enqueue(queueEntry(id, { group: `g${index % 7}` })),
          ),
      )
    }
    await Promise.all(claimers)
    expect(seen.toSorted()).toEqual(ids.toSorted())
    expect(await processes[0]!.depth('compress')).toEqual({ waiting: 0, claimed: 0 })
  })
})

async function keysBelow(prefix: string): Promise<string[]> {
  const { Redis } = await import('ioredis')
  const redis = new Redis(testRedisUrl())
  const keys = await redis.keys(`{${prefix}}:*`)
  await redis.quit()
  return keys
}

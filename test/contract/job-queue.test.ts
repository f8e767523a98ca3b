import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WorkerCapabilities } from '#src/domain/worker'
import type { Claim, JobQueue, TaskKind } from '#src/ports/job-queue'
import { queueDrivers } from './drivers.ts'
import { ANY_WORKER, queueEntry } from './sample-entries.ts'

const LONG = 60_000
const SHORT = 60
const NEVER = new AbortController().signal

describe.each(queueDrivers)('JobQueue: $name', (driver) => {
  let folder: string
  let queue: JobQueue

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-queue-'))
    queue = await driver.open(folder)
  })

  afterEach(async () => {
    await queue.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function claim(
    kind: TaskKind = 'compress',
    lease = LONG,
    worker: WorkerCapabilities = ANY_WORKER,
  ): Promise<Claim> {
    const claimed = await queue.claim(kind, worker, lease, NEVER)
    if (claimed === null) throw new Error('The queue closed')
    return claimed
  }

  async function nothingToClaim(
    kind: TaskKind = 'compress',
    worker: WorkerCapabilities = ANY_WORKER,
  ): Promise<boolean> {
    return (await queue.claim(kind, worker, LONG, AbortSignal.timeout(driver.emptyMs))) === null
  }

  it('hands out by priority, then in order of arrival', async () => {
    await queue.enqueue(queueEntry('a'))
    await queue.enqueue(queueEntry('b', { priority: 5 }))
    await queue.enqueue(queueEntry('c'))
    await queue.enqueue(queueEntry('d', { priority: 5 }))
    await queue.enqueue(queueEntry('e', { priority: -1 }))
    const order = [await claim(), await claim(), await claim(), await claim(), await claim()]
    expect(order.map(({ id }) => id)).toEqual(['b', 'd', 'a', 'c', 'e'])
  })

  it('hands each entry to one claimer', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `job-${index}`)
    const claims = ids.map(() => claim())
    await Promise.all(ids.map((id) => queue.enqueue(queueEntry(id))))
    const claimed = await Promise.all(claims)
    expect(claimed.map(({ id }) => id).sort()).toEqual(ids.toSorted())
    expect(new Set(claimed.map(({ token }) => token)).size).toBe(ids.length)
    expect(await queue.depth('compress')).toEqual({ waiting: 0, claimed: 30 })
  })

  it('hands out only the kind asked for', async () => {
    await queue.enqueue(queueEntry('a', { kind: 'deliver-webhook' }))
    expect(await nothingToClaim('compress')).toBe(true)
    expect((await claim('deliver-webhook')).kind).toBe('deliver-webhook')
  })

  it('wakes a claimer that waits', async () => {
    const waiting = claim()
    await sleep(20)
    await queue.enqueue(queueEntry('a'))
    expect((await waiting).id).toBe('a')
  })

  it('answers null when the claimer gives up', async () => {
    const stop = new AbortController()
    const waiting = queue.claim('compress', ANY_WORKER, LONG, stop.signal)
    stop.abort()
    expect(await waiting).toBeNull()
    await queue.enqueue(queueEntry('a'))
    expect(await queue.claim('compress', ANY_WORKER, LONG, stop.signal)).toBeNull()
    expect(await queue.position('compress', 'a')).toBe(0)
  })

  it('keeps one entry per kind and id, as it was first', async () => {
    await queue.enqueue(queueEntry('a'))
    await queue.enqueue(queueEntry('b'))
    await queue.enqueue(queueEntry('b', { priority: 9 }))
    expect(await queue.depth('compress')).toEqual({ waiting: 2, claimed: 0 })
    expect((await claim()).id).toBe('a')
    await queue.enqueue(queueEntry('a'))
    expect((await claim()).id).toBe('b')
    expect(await nothingToClaim()).toBe(true)
    await queue.enqueue(queueEntry('a', { kind: 'deliver-webhook' }))
    expect((await claim('deliver-webhook')).id).toBe('a')
  })

  it('takes out what is complete; it may then come again', async () => {
    await queue.enqueue(queueEntry('a'))
    const claimed = await claim()
    expect(await queue.complete(claimed)).toBe(true)
    expect(await queue.complete(claimed)).toBe(false)
    expect(await queue.renew(claimed, LONG)).toBe(false)
    expect(await queue.has('compress', 'a')).toBe(false)
    await queue.enqueue(queueEntry('a'))
    expect((await claim()).id).toBe('a')
  })

  it('hands an entry out again when its lease ran out; the old token is worth nothing', async () => {
    await queue.enqueue(queueEntry('a'))
    const first = await claim('compress', SHORT)
    const second = await claim()
    expect(second.id).toBe('a')
    expect(second.token).not.toBe(first.token)
    expect(await queue.renew(first, LONG)).toBe(false)
    expect(await queue.complete(first)).toBe(false)
    expect(await queue.release(first, 0)).toBe(false)
    expect(await queue.complete(second)).toBe(true)
  })

  it('keeps a lease as long as it is renewed', async () => {
    await queue.enqueue(queueEntry('a'))
    const lease = 4 * driver.emptyMs
    const claimed = await claim('compress', lease)
    for (let round = 0; round < 5; round += 1) {
      await sleep(driver.emptyMs)
      expect(await queue.renew(claimed, lease)).toBe(true)
    }
    expect(await nothingToClaim()).toBe(true)
    expect(await queue.complete(claimed)).toBe(true)
  })

  it('waits for the time before which an entry must not be claimed', async () => {
    const soon = Date.now() + 80
    await queue.enqueue(queueEntry('a', { notBefore: soon, priority: 9 }))
    await queue.enqueue(queueEntry('b'))
    expect((await claim()).id).toBe('b')
    expect((await claim()).id).toBe('a')
    expect(Date.now()).toBeGreaterThanOrEqual(soon)
  })

  it('takes an entry back, at once or for later', async () => {
    await queue.enqueue(queueEntry('a'))
    const first = await claim()
    expect(await queue.release(first, 0)).toBe(true)
    const second = await claim()
    expect(second.token).not.toBe(first.token)
    const soon = Date.now() + 80
    expect(await queue.release(second, soon)).toBe(true)
    await claim()
    expect(Date.now()).toBeGreaterThanOrEqual(soon)
  })

  it('removes what waits and leaves what is claimed', async () => {
    await queue.enqueue(queueEntry('a'))
    const claimed = await claim()
    await queue.enqueue(queueEntry('b'))
    await queue.remove('compress', 'a')
    await queue.remove('compress', 'b')
    await queue.remove('compress', 'never there')
    expect(await queue.has('compress', 'b')).toBe(false)
    expect(await queue.complete(claimed)).toBe(true)
  })

  it('tells the position of what waits', async () => {
    await queue.enqueue(queueEntry('a'))
    await queue.enqueue(queueEntry('b'))
    await queue.enqueue(queueEntry('c', { priority: 1 }))
    await queue.enqueue(queueEntry('x', { kind: 'deliver-webhook' }))
    const positions = await Promise.all(
      ['a', 'b', 'c', 'd'].map((id) => queue.position('compress', id)),
    )
    expect(positions).toEqual([1, 2, 0, null])
    await claim()
    expect(await queue.position('compress', 'c')).toBeNull()
    expect(await queue.position('compress', 'b')).toBe(1)
  })

  it('ends waiting claims when it closes', async () => {
    const waiting = queue.claim('compress', ANY_WORKER, LONG, NEVER)
    await sleep(10)
    await queue.close()
    expect(await waiting).toBeNull()
  })

  if (driver.persistent) {
    it('has its entries when opened again', async () => {
      const lease = driver.leases === 'run out' ? 300 : LONG
      await queue.enqueue(queueEntry('a'))
      await queue.enqueue(queueEntry('b', { priority: 3 }))
      const before = await claim('compress', lease)
      await queue.close()
      queue = await driver.open(folder)
      if (driver.leases === 'run out') {
        expect(await queue.depth('compress')).toEqual({ waiting: 1, claimed: 1 })
        await sleep(lease + 10)
      }
      expect(await queue.depth('compress')).toEqual({ waiting: 2, claimed: 0 })
      const after = await claim()
      expect(after.id).toBe('b')
      expect(after.token).not.toBe(before.token)
      expect((await claim()).id).toBe('a')
    })
  }
})

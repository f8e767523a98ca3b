// Groups take turns and keep to their places; workers get what they can serve.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WorkerCapabilities } from '#src/domain/worker'
import type { Claim, JobQueue, TaskKind } from '#src/ports/job-queue'
import { GROUP_PLACES, queueDrivers } from './drivers.ts'
import { ANY_WORKER, queueEntry } from './sample-entries.ts'

const LONG = 60_000
const NEVER = new AbortController().signal

describe.each(queueDrivers)('groups in JobQueue: $name', (driver) => {
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

  it('lets groups take turns, whatever their priorities and however much they ask for', async () => {
    for (const id of ['a1', 'a2', 'a3', 'a4']) {
      await queue.enqueue(queueEntry(id, { group: 'a', priority: 9 }))
    }
    await queue.enqueue(queueEntry('b1', { group: 'b' }))
    await queue.enqueue(queueEntry('b2', { group: 'b', priority: 1 }))
    await queue.enqueue(queueEntry('c1', { group: 'c' }))
    expect(await queue.position('compress', 'b1')).toBe(4)
    expect(await queue.position('compress', 'c1')).toBe(2)
    const order: string[] = []
    for (let count = 0; count < 7; count += 1) order.push((await claim()).id)
    expect(order).toEqual(['a1', 'b2', 'c1', 'a2', 'b1', 'a3', 'a4'])
  })

  it('lets no group overtake by coming back again and again', async () => {
    await queue.enqueue(queueEntry('a1', { group: 'a' }))
    await queue.enqueue(queueEntry('a2', { group: 'a' }))
    const order: string[] = []
    for (let count = 0; count < 4; count += 1) {
      await queue.enqueue(queueEntry(`b${count}`, { group: 'b' }))
      const claimed = await claim()
      order.push(claimed.id)
      await queue.complete(claimed)
    }
    expect(order).toEqual(['a1', 'b0', 'a2', 'b1'])
  })

  it('keeps a group within its places', async () => {
    const kind = 'deliver-webhook'
    const places = GROUP_PLACES[kind]
    for (let count = 0; count <= places; count += 1) {
      await queue.enqueue(queueEntry(`a${count}`, { kind, group: 'a' }))
    }
    const held: Claim[] = []
    for (let count = 0; count < places; count += 1) held.push(await claim(kind))
    expect(await nothingToClaim(kind)).toBe(true)
    await queue.enqueue(queueEntry('b', { kind, group: 'b' }))
    expect((await claim(kind)).id).toBe('b')
    const waiting = claim(kind)
    await queue.complete(held[0]!)
    expect((await waiting).id).toBe(`a${places}`)
  })

  it('hands out only what the worker can serve', async () => {
    const needs = { accelerator: 'cuda', memory_bytes: 2 ** 34, revision: 2 } as const
    await queue.enqueue(queueEntry('gpu', { needs }))
    await queue.enqueue(queueEntry('any'))
    expect((await claim()).id).toBe('any')
    const able = { accelerators: ['cpu', 'cuda'], memory_bytes: 2 ** 34, revision: 2 } as const
    expect(await nothingToClaim('compress', { ...able, accelerators: ['cpu'] })).toBe(true)
    expect(await nothingToClaim('compress', { ...able, memory_bytes: 2 ** 33 })).toBe(true)
    expect(await nothingToClaim('compress', { ...able, revision: 1 })).toBe(true)
    expect((await claim('compress', LONG, able)).id).toBe('gpu')
  })
})

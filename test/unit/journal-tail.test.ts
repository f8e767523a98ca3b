import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { openMemoryJournal } from '#src/adapters/journal/memory'
import { JournalTail } from '#src/adapters/records/journal-tail'
import type { CollectionName } from '#src/domain/records'
import type { JournalEntry, RecordJournal } from '#src/ports/record-journal'

const GATHER_MS = { soon: 5, later: 60_000 }

function entry(collection: CollectionName, id: string, sequence: number): JournalEntry {
  return { sequence, collection, id, version: sequence, document: `{"id":"${id}"}` }
}

interface Watched {
  readonly tail: JournalTail
  readonly batches: (readonly JournalEntry[])[]
  readonly journaled: JournalEntry[]
  readonly errors: unknown[]
  /** Appends fail while it is set. */
  failure: Error | null
}

async function watchedTail(append?: RecordJournal['append']): Promise<Watched> {
  const journal = await openMemoryJournal()
  const watched: Omit<Watched, 'tail'> = { batches: [], journaled: [], errors: [], failure: null }
  const tail = new JournalTail({
    gatherMs: GATHER_MS,
    journal: {
      ...journal,
      async append(entries) {
        if (watched.failure !== null) throw watched.failure
        await append?.(entries)
        watched.batches.push(entries)
      },
    },
    onJournaled: async (entries) => void watched.journaled.push(...entries),
    onError: (error) => watched.errors.push(error),
  })
  return Object.assign(watched, { tail })
}

it('appends what comes together as one batch, the newest state of each record', async () => {
  const { tail, batches, journaled } = await watchedTail()
  tail.add([entry('model', 'a', 1), entry('event', 'b', 1)])
  tail.add([entry('model', 'a', 2)])
  tail.add([entry('model', 'a', 1)])
  await vi.waitFor(() => expect(journaled).toHaveLength(2), 15_000)
  expect(batches).toEqual([[entry('model', 'a', 2), entry('event', 'b', 1)]])
  expect(tail.lag()).toEqual({ entries: 0, bytes: 0, milliseconds: 0 })
})

it('lets what is in no hurry wait for what is', async () => {
  const { tail, batches } = await watchedTail()
  tail.add([entry('job', 'a', 1)])
  await sleep(50)
  expect(batches).toEqual([])
  expect(tail.lag().entries).toBe(1)
  tail.add([entry('event', 'b', 2)])
  await vi.waitFor(
    () => expect(batches).toEqual([[entry('job', 'a', 1), entry('event', 'b', 2)]]),
    15_000,
  )
})

it('appends the next batch when the last one is durable', async () => {
  let release = (): void => undefined
  let under = 0
  const { tail, batches } = await watchedTail(async () => {
    under += 1
    expect(under).toBe(1)
    await new Promise<void>((resolve) => {
      release = resolve
    })
    under -= 1
  })
  tail.add([entry('event', 'a', 1)])
  await vi.waitFor(() => expect(under).toBe(1), 15_000)
  tail.add([entry('event', 'b', 2)])
  await sleep(30)
  expect(tail.lag().entries).toBe(2)
  expect(tail.remembered().map(({ id }) => id)).toEqual(['a', 'b'])
  release()
  await vi.waitFor(() => expect(batches).toHaveLength(1), 15_000)
  await vi.waitFor(() => expect(under).toBe(1), 15_000)
  release()
  await vi.waitFor(() => expect(batches).toHaveLength(2), 15_000)
})

it('tries again, and puts newer states before the ones that failed', async () => {
  const watched = await watchedTail()
  watched.failure = new Error('the store is away')
  watched.tail.add([entry('event', 'a', 1), entry('event', 'b', 1)])
  await vi.waitFor(() => expect(watched.errors.length).toBeGreaterThan(1), 15_000)
  expect(watched.tail.failing).toBe(true)
  watched.tail.add([entry('event', 'a', 2)])
  watched.failure = null
  await vi.waitFor(() => expect(watched.batches).toHaveLength(1), 5000)
  expect(watched.batches[0]).toEqual([entry('event', 'a', 2), entry('event', 'b', 1)])
  expect(watched.tail.failing).toBe(false)
})

it('remembers what it has appended of late, and what is never journaled', async () => {
  const { tail, batches } = await watchedTail()
  tail.add([entry('process', 'p', 1), entry('event', 'a', 1)])
  tail.add([entry('process', 'p', 2)])
  await vi.waitFor(() => expect(batches).toEqual([[entry('event', 'a', 1)]]), 15_000)
  expect(tail.remembered()).toEqual([entry('process', 'p', 2), entry('event', 'a', 1)])
  tail.add([{ ...entry('process', 'p', 3), version: 0, document: '' }])
  expect(tail.remembered()).toEqual([entry('event', 'a', 1)])
})

it('appends what waits when it is closed, also what is in no hurry', async () => {
  const { tail, batches } = await watchedTail()
  tail.add([entry('job', 'a', 1)])
  await tail.close(1000)
  expect(batches).toEqual([[entry('job', 'a', 1)]])
})

it('closes in time when the store stays away', async () => {
  const watched = await watchedTail()
  watched.failure = new Error('the store is away')
  watched.tail.add([entry('event', 'a', 1)])
  const began = performance.now()
  await watched.tail.close(200)
  expect(performance.now() - began).toBeLessThan(2000)
  const tries = watched.errors.length
  await sleep(100)
  expect(watched.errors).toHaveLength(tries)
})

it('remembers no more than fits while the store is away', async () => {
  const watched = await watchedTail()
  watched.failure = new Error('the store is away')
  const large = 'x'.repeat(2 ** 20)
  for (let index = 0; index < 100; index += 1) {
    watched.tail.add([{ ...entry('event', `id-${index}`, index + 1), document: large }])
  }
  const { entries, bytes } = watched.tail.lag()
  expect(entries).toBeLessThan(70)
  expect(bytes).toBeLessThan(70 * 2 ** 20)
  await watched.tail.close(0)
})

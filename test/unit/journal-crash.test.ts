// A compaction that dies between any two operations on the objects leaves a journal that reads the same.

import { expect, it } from 'vitest'
import type { JournalObjects } from '#src/adapters/journal/journal-objects'
import { memoryObjects } from '#src/adapters/journal/memory'
import { objectJournal } from '#src/adapters/journal/object-journal'
import type { JournalEntry } from '#src/ports/record-journal'
import { journalEntry, whatHolds } from '#test/contract/sample-journal'

class Crash extends Error {}

/** Fails for ever after so many operations; `after`: the one that fails has happened. */
function crashing(
  objects: JournalObjects,
  operations: number,
  when: 'before' | 'after',
): JournalObjects {
  let left = operations
  async function step<T>(act: () => Promise<T>): Promise<T> {
    left -= 1
    if (left < 0) throw new Crash()
    if (left > 0) return await act()
    if (when === 'after') await act()
    throw new Crash()
  }
  return {
    put: (name, body) => step(() => objects.put(name, body)),
    get: (name) => step(() => objects.get(name)),
    list: (prefix) => step(() => objects.list(prefix)),
    remove: (name) => step(() => objects.remove(name)),
    close: async () => {},
  }
}

/** Large enough that a snapshot has several pieces. */
const LARGE = 'x'.repeat(800_000)

async function filled(): Promise<{ objects: JournalObjects; live: JournalEntry[] }> {
  const objects = memoryObjects()
  const journal = objectJournal(objects)
  const ids = Array.from({ length: 6 }, (_, index) => `id-${index}`)
  await journal.append(ids.map((id) => journalEntry(1, id, LARGE)))
  const old = await whatHolds(journal)
  await journal.compact(
    1,
    () => pages(old),
    async () => true,
  )
  await journal.append([journalEntry(2, 'id-0', null), journalEntry(2, 'id-1', 'changed')])
  await journal.append([journalEntry(3, 'new', 'new')])
  return { objects, live: await whatHolds(journal) }
}

async function* pages(entries: readonly JournalEntry[]): AsyncGenerator<readonly JournalEntry[]> {
  for (const entry of entries) yield [entry]
}

it.each(['before', 'after'] as const)(
  'survives a crash %s any operation of a compaction',
  async (when) => {
    let crashes = 0
    for (let operations = 1; ; operations += 1) {
      const { objects, live } = await filled()
      const dying = objectJournal(crashing(objects, operations, when))
      const done = await dying
        .compact(
          3,
          () => pages(live),
          async () => true,
        )
        .catch((error: unknown) => {
          if (!(error instanceof Crash)) throw error
          return false
        })
      const journal = objectJournal(objects)
      expect(await whatHolds(journal)).toEqual(live)
      await journal.append([journalEntry(4, 'after', 'the crash')])
      expect(await whatHolds(journal)).toHaveLength(live.length + 1)
      // The next compaction takes away what the dead one left, but for pieces that may belong to one that goes on.
      const all = await whatHolds(journal)
      expect(
        await journal.compact(
          4,
          () => pages(all),
          async () => true,
        ),
      ).toBe(true)
      expect(await whatHolds(journal)).toEqual(all)
      expect(await objects.list('batch/')).toEqual([])
      expect(await objects.list('snapshot/')).toHaveLength(1)
      if (done) break
      crashes += 1
    }
    expect(crashes).toBeGreaterThan(8)
  },
)

it('says which object is damaged', async () => {
  const objects = memoryObjects()
  await objectJournal(objects).append([journalEntry(1, 'a', 'x')])
  const [batch] = await objects.list('batch/')
  const body = await objects.get(batch!.name)
  const short = { ...objects, get: async () => body!.subarray(0, body!.byteLength - 5) }
  await expect(whatHolds(objectJournal(short))).rejects.toThrow(
    `${batch!.name} of the journal is damaged`,
  )
})

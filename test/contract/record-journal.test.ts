import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JournalEntry, RecordJournal } from '#src/ports/record-journal'
import { journalDrivers } from './drivers.ts'
import { journalEntry as entry, whatHolds } from './sample-journal.ts'

describe.each(journalDrivers)('RecordJournal: $name', (driver) => {
  let folder: string
  let journal: RecordJournal

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-journal-'))
    journal = await driver.open(folder)
  })

  afterEach(async () => {
    await journal.close()
    await rm(folder, { recursive: true, force: true })
  })

  const read = (after = 0): Promise<JournalEntry[]> => whatHolds(journal, after)

  async function* pages(...entries: JournalEntry[]): AsyncGenerator<JournalEntry[]> {
    for (const one of entries) yield [one]
  }

  it('has nothing at first', async () => {
    expect(await read()).toEqual([])
    expect(await journal.size()).toEqual({ batches: 0, bytes: 0, snapshotBytes: 0 })
  })

  it('gives back what was appended, every kind of text included', async () => {
    const first = [entry(1, 'a', 'ünï ☃ 𝄞 "\\\n\u0000'), entry(1, 'b', '')]
    await journal.append(first)
    await journal.append([entry(2, 'c:d e', 'x'), entry(3, 'gone', null)])
    expect(await read()).toEqual([...first, entry(2, 'c:d e', 'x'), entry(3, 'gone', null)])
    const { batches, bytes } = await journal.size()
    expect(batches).toBe(2)
    expect(bytes).toBeGreaterThan(0)
  })

  it('takes an empty batch', async () => {
    await journal.append([])
    expect(await read()).toEqual([])
  })

  it('keeps apart what several writers append at once, under equal numbers too', async () => {
    const other = driver.persistent ? await driver.open(folder) : journal
    const ids = Array.from({ length: 40 }, (_, index) => `id-${index}`)
    await Promise.all(
      ids.map((id, index) => (index % 2 === 0 ? journal : other).append([entry(7, id, 'x')])),
    )
    expect((await read()).map(({ id }) => id)).toEqual(ids.toSorted())
    if (other !== journal) await other.close()
  })

  it('reads what is newer than a number', async () => {
    await journal.append([entry(1, 'a', 'old'), entry(2, 'b', 'old')])
    await journal.append([entry(5, 'c', 'new'), entry(3, 'd', 'new')])
    const found = await read(2)
    expect(found.filter(({ sequence }) => sequence > 2).map(({ id }) => id)).toEqual(['c', 'd'])
    expect(await read(5)).toEqual([])
  })

  it('reads large batches', async () => {
    const large = 'x'.repeat(100_000)
    const many = Array.from({ length: 120 }, (_, index) => entry(index + 1, `id-${index}`, large))
    await journal.append(many)
    expect(await read()).toHaveLength(120)
  })

  it('puts a snapshot in the place of what was there when it began', async () => {
    await journal.append([entry(1, 'a', 'one'), entry(1, 'b', 'one')])
    await journal.append([entry(2, 'a', 'two')])
    async function* live(): AsyncGenerator<JournalEntry[]> {
      await journal.append([entry(3, 'b', 'three'), entry(4, 'c', 'four')])
      yield [entry(2, 'a', 'two'), entry(1, 'b', 'one')]
    }
    expect(await journal.compact(2, live, async () => true)).toBe(true)
    expect(await read()).toEqual([
      entry(2, 'a', 'two'),
      entry(3, 'b', 'three'),
      entry(4, 'c', 'four'),
    ])
    const { batches, snapshotBytes } = await journal.size()
    expect(batches).toBe(1)
    expect(snapshotBytes).toBeGreaterThan(0)
    expect(await read(4)).toEqual([])
  })

  it('keeps one snapshot, the newest', async () => {
    for (const sequence of [1, 2, 3]) {
      await journal.append([entry(sequence, 'a', String(sequence))])
      const live = entry(sequence, 'a', String(sequence))
      expect(
        await journal.compact(
          sequence,
          () => pages(live),
          async () => true,
        ),
      ).toBe(true)
    }
    expect(await read()).toEqual([entry(3, 'a', '3')])
    expect((await journal.size()).batches).toBe(0)
  })

  it('changes nothing when what the snapshot shows does not hold', async () => {
    await journal.append([entry(1, 'a', 'one')])
    expect(
      await journal.compact(
        1,
        () => pages(),
        async () => false,
      ),
    ).toBe(false)
    expect(await read()).toEqual([entry(1, 'a', 'one')])
    expect(await journal.size()).toMatchObject({ batches: 1, snapshotBytes: 0 })
  })

  it('reads while a compaction takes away what it has listed', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `id-${String(index).padStart(2, '0')}`)
    for (const [index, id] of ids.entries()) await journal.append([entry(index + 1, id, 'x')])
    const all = ids.map((id, index) => entry(index + 1, id, 'x'))
    const found: string[] = []
    const compacted: Promise<boolean>[] = []
    for await (const batch of journal.read(0)) {
      if (compacted.length === 0) {
        compacted.push(
          journal.compact(
            60,
            () => pages(...all),
            async () => true,
          ),
        )
        await compacted[0]
      }
      found.push(...batch.map(({ id }) => id))
    }
    expect([...new Set(found)].sort()).toEqual(ids)
  })

  if (driver.persistent) {
    it('has everything when opened again', async () => {
      await journal.append([entry(1, 'a', 'one')])
      await journal.compact(
        1,
        () => pages(entry(1, 'a', 'one')),
        async () => true,
      )
      await journal.append([entry(2, 'b', 'two')])
      await journal.close()
      journal = await driver.open(folder)
      expect(await read()).toEqual([entry(1, 'a', 'one'), entry(2, 'b', 'two')])
    })
  }
})

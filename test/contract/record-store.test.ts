import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RecordStore } from '#src/ports/record-store'
import { recordDrivers } from './drivers.ts'
import { delivery, insertDelivery, insertLog, logRecord } from './sample-records.ts'

describe.each(recordDrivers)('RecordStore: $name', (driver) => {
  let folder: string
  let store: RecordStore

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-records-'))
    store = await driver.open(folder)
  })

  afterEach(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('inserts at version 1 and updates by one', async () => {
    expect(await store.commit([insertLog('a', 'job_1')])).toBe(true)
    expect(await store.get('log', 'a')).toEqual({ record: logRecord('a', 'job_1'), version: 1 })
    const record = logRecord('a', 'job_1', ['line'])
    expect(await store.commit([{ op: 'update', collection: 'log', record, version: 1 }])).toBe(true)
    expect(await store.get('log', 'a')).toEqual({ record, version: 2 })
  })

  it('gives back every kind of text', async () => {
    const lines = ['ünï ☃ 𝄞', '"\\\n\u0000', '']
    await store.commit([insertLog('a', 'job_1', lines)])
    expect((await store.get('log', 'a'))?.record.lines).toEqual(lines)
  })

  it('has nothing under an id of another collection', async () => {
    await store.commit([insertLog('a', 'job_1')])
    expect(await store.get('event', 'a')).toBeNull()
    expect(await store.get('log', 'A')).toBeNull()
  })

  it('refuses to insert what exists, to update what is absent or of another version', async () => {
    await store.commit([insertLog('a', 'job_1')])
    expect(await store.commit([insertLog('a', 'job_2')])).toBe(false)
    const update = (id: string, version: number): Promise<boolean> =>
      store.commit([{ op: 'update', collection: 'log', record: logRecord(id, 'job_3'), version }])
    expect(await update('a', 2)).toBe(false)
    expect(await update('a', 0)).toBe(false)
    expect(await update('b', 0)).toBe(false)
    expect(await update('b', 1)).toBe(false)
    expect(await store.get('log', 'a')).toEqual({ record: logRecord('a', 'job_1'), version: 1 })
    expect(await store.get('log', 'b')).toBeNull()
  })

  it('applies all writes or none, indexes included', async () => {
    await store.commit([insertLog('a', 'job_1'), insertLog('b', 'job_1')])
    const changed = logRecord('a', 'job_2')
    const applied = await store.commit([
      { op: 'update', collection: 'log', record: changed, version: 1 },
      { op: 'delete', collection: 'log', id: 'b' },
      insertLog('c', 'job_1'),
      insertLog('a', 'job_1'),
    ])
    expect(applied).toBe(false)
    const rows = await store.list('log', { where: { job: 'job_1' }, limit: 10 })
    expect(rows.map(({ record }) => record.id)).toEqual(['b', 'a'])
    expect(await store.count('log', { job: 'job_2' })).toBe(0)
  })

  it('sees earlier writes of the same commit', async () => {
    const record = logRecord('a', 'job_2')
    const writes = [
      insertLog('a', 'job_1'),
      { op: 'update', collection: 'log', record, version: 1 },
    ] as const
    expect(await store.commit(writes)).toBe(true)
    expect(await store.get('log', 'a')).toEqual({ record, version: 2 })
  })

  it('takes an empty commit', async () => {
    expect(await store.commit([])).toBe(true)
  })

  it('lets one of many concurrent updates win', async () => {
    await store.commit([insertLog('a', 'job_1')])
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        store.commit([
          {
            op: 'update',
            collection: 'log',
            record: logRecord('a', 'job_1', [String(index)]),
            version: 1,
          },
          insertLog(`by-${index}`, 'job_1'),
        ]),
      ),
    )
    expect(results.filter(Boolean)).toHaveLength(1)
    const winner = results.indexOf(true)
    expect((await store.get('log', 'a'))?.record.lines).toEqual([String(winner)])
    expect(await store.count('log', {})).toBe(2)
    expect(await store.get('log', `by-${winner}`)).not.toBeNull()
  })

  it('loses no increment under retries', async () => {
    await store.commit([insertLog('counter', 'job_1', ['0'])])
    async function increment(): Promise<void> {
      for (;;) {
        const current = await store.get('log', 'counter')
        if (current === null) throw new Error('The counter is gone')
        const next = String(Number(current.record.lines[0]) + 1)
        const record = logRecord('counter', 'job_1', [next])
        const { version } = current
        if (await store.commit([{ op: 'update', collection: 'log', record, version }])) return
      }
    }
    await Promise.all(Array.from({ length: 25 }, increment))
    expect((await store.get('log', 'counter'))?.record.lines).toEqual(['25'])
  })

  it('deletes, also what is absent, and forgets its version', async () => {
    await store.commit([insertLog('a', 'job_1')])
    expect(await store.commit([{ op: 'delete', collection: 'log', id: 'a' }])).toBe(true)
    expect(await store.commit([{ op: 'delete', collection: 'log', id: 'a' }])).toBe(true)
    expect(await store.get('log', 'a')).toBeNull()
    expect(await store.count('log', { job: 'job_1' })).toBe(0)
    await store.commit([insertLog('a', 'job_1')])
    expect((await store.get('log', 'a'))?.version).toBe(1)
  })

  it('lists by id, newest first, in pages', async () => {
    const ids = Array.from({ length: 25 }, (_, index) => `log_${String(index).padStart(3, '0')}`)
    await store.commit(ids.toReversed().map((id) => insertLog(id, 'job_1')))
    const page = async (lessThan?: string): Promise<string[]> => {
      const query = { where: { job: 'job_1' }, limit: 10, ...(lessThan && { lessThan }) }
      return (await store.list('log', query)).map(({ record }) => record.id)
    }
    const first = await page()
    const second = await page(first.at(-1))
    const third = await page(second.at(-1))
    expect([...first, ...second, ...third]).toEqual(ids.toReversed())
    expect(await page(third.at(-1))).toEqual([])
  })

  it('lists between two ids, both excluded, in either order', async () => {
    await store.commit(['a', 'b', 'c', 'd', 'e'].map((id) => insertLog(id, 'job_1')))
    const range = { greaterThan: 'a', lessThan: 'e', limit: 2 } as const
    const rows = async (order: 'ascending' | 'descending'): Promise<string[]> =>
      (await store.list('log', { ...range, order })).map(({ record }) => record.id)
    expect(await rows('ascending')).toEqual(['b', 'c'])
    expect(await rows('descending')).toEqual(['d', 'c'])
  })

  it('filters by several fields, and follows updates', async () => {
    await store.commit([
      insertDelivery(delivery('a', 'one', 'pending')),
      insertDelivery(delivery('b', 'one', 'delivered')),
      insertDelivery(delivery('c', 'two', 'pending')),
      insertDelivery(delivery('d', 'one', 'pending')),
    ])
    const where = { tenant: 'one', status: 'pending' }
    const ids = async (): Promise<string[]> =>
      (await store.list('delivery', { where, limit: 10 })).map(({ record }) => record.id)
    expect(await ids()).toEqual(['d', 'a'])
    expect(await store.count('delivery', where)).toBe(2)
    const record = delivery('a', 'one', 'failed')
    await store.commit([{ op: 'update', collection: 'delivery', record, version: 1 }])
    expect(await ids()).toEqual(['d'])
    expect(await store.count('delivery', {})).toBe(4)
  })

  it('refuses a filter that no index answers', async () => {
    const list = store.list('log', { where: { tenant: 'one' }, limit: 1 })
    await expect(list).rejects.toThrow('log.tenant has no index')
  })

  it('gives copies: changing what was written or read changes nothing', async () => {
    const lines = ['kept']
    await store.commit([insertLog('a', 'job_1', lines)])
    lines.push('not kept')
    expect((await store.get('log', 'a'))?.record.lines).toEqual(['kept'])
  })

  if (driver.persistent) {
    it('has every commit when opened again', async () => {
      await store.commit([insertLog('a', 'job_1')])
      const unawaited = store.commit([insertLog('b', 'job_1')])
      await store.close()
      expect(await unawaited).toBe(true)
      store = await driver.open(folder)
      expect(await store.count('log', { job: 'job_1' })).toBe(2)
    })
  }
})

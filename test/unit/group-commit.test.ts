import { expect, it } from 'vitest'
import { openSqliteDatabase } from '#src/adapters/sqlite/database'

async function openNumbers() {
  const database = openSqliteDatabase(':memory:')
  database.exec('CREATE TABLE number (value INTEGER NOT NULL)')
  const insert = database.statement('INSERT INTO number VALUES (?)')
  const select = database.statement('SELECT value FROM number ORDER BY value')
  const values = (): number[] =>
    select.all().map((row) => (row as { readonly value: number }).value)
  return { database, insert, values }
}

it('writes of a turn share a transaction, and nothing shows before it ends', async () => {
  const { database, insert, values } = await openNumbers()
  const writes = [1, 2, 3].map((value) => database.write(() => insert.run(value)))
  expect(values()).toEqual([])
  await Promise.all(writes)
  expect(values()).toEqual([1, 2, 3])
  await database.close()
})

it('a write that throws is undone alone', async () => {
  const { database, insert, values } = await openNumbers()
  const results = await Promise.allSettled([
    database.write(() => insert.run(1)),
    database.write(() => {
      insert.run(2)
      throw new Error('changed my mind')
    }),
    database.write(() => insert.run(3)),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(values()).toEqual([1, 3])
  await database.close()
})

it('a write that is made while others settle goes into the next transaction', async () => {
  const { database, insert, values } = await openNumbers()
  await database.write(() => insert.run(1)).then(() => database.write(() => insert.run(2)))
  expect(values()).toEqual([1, 2])
  await database.close()
})

it('closing finishes what waits and refuses what comes after', async () => {
  const { database, insert } = await openNumbers()
  const waiting = database.write(() => insert.run(1))
  const closed = database.close()
  expect(await waiting).toBe(1)
  await closed
  await expect(database.write(() => 1)).rejects.toThrow('closed')
})

it('gives one statement for one text, and rows without what the library adds', async () => {
  const { database, insert } = await openNumbers()
  expect(database.statement('SELECT 1 AS one')).toBe(database.statement('SELECT 1 AS one'))
  await database.write(() => insert.run(7))
  const select = database.statement('SELECT value FROM number')
  expect(select.get()).toEqual({ value: 7 })
  expect(select.all()).toEqual([{ value: 7 }])
  await database.close()
})

it('what needs no flush goes with what needs one, and is there likewise', async () => {
  const { database, insert, values } = await openNumbers()
  await database.writeUnflushed(() => insert.run(1))
  await Promise.all([
    database.writeUnflushed(() => insert.run(2)),
    database.write(() => insert.run(3)),
  ])
  expect(values()).toEqual([1, 2, 3])
  expect(database.statement('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
  await database.writeUnflushed(() => insert.run(4))
  expect(database.statement('PRAGMA synchronous').get()).toEqual({ synchronous: 1 })
  await database.close()
})

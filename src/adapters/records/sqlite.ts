// Records as JSON documents in SQLite: one table of documents, one of the values that lists filter by.

import type { CollectionName, Collections } from '#src/domain/records'
import type { RecordStore, Versioned, Write } from '#src/ports/record-store'
import type { SqliteDatabase } from '../sqlite/database.ts'
import { filterPairs, indexedValues } from './indexed-values.ts'
import { countSql, listSql } from './list-sql.ts'

export interface SqliteRecordsOptions {
  /** Stays open when the store is closed: whoever opened it closes it. */
  readonly database: SqliteDatabase
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS record (
  collection TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (collection, id)
) STRICT;
CREATE TABLE IF NOT EXISTS record_index (
  collection TEXT NOT NULL,
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (collection, field, value, id)
) STRICT, WITHOUT ROWID;
`

interface Row {
  readonly version: number
  readonly doc: string
}

/** Thrown inside a write to undo it; never leaves this file. */
const CONDITION_FAILED = new Error('The condition of a write does not hold')

export async function openSqliteRecords(options: SqliteRecordsOptions): Promise<RecordStore> {
  const { database } = options
  database.exec(SCHEMA)
  const select = database.statement(
    'SELECT version, doc FROM record WHERE collection = ? AND id = ?',
  )
  const insert = database.statement(
    'INSERT INTO record (collection, id, version, doc) VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING',
  )
  const update = database.statement(
    'UPDATE record SET version = version + 1, doc = ? WHERE collection = ? AND id = ? AND version = ?',
  )
  const remove = database.statement('DELETE FROM record WHERE collection = ? AND id = ?')
  const index = database.statement(
    'INSERT INTO record_index (collection, field, value, id) VALUES (?, ?, ?, ?)',
  )
  const unindex = database.statement(
    'DELETE FROM record_index WHERE collection = ? AND field = ? AND value = ? AND id = ?',
  )

  function read<C extends CollectionName>(
    collection: C,
    id: string,
  ): Versioned<Collections[C]> | null {
    const row = select.get(collection, id) as Row | undefined
    return row === undefined ? null : parse(row)
  }

  /** Brings the index from the values of one record to those of another. */
  function reindex<C extends CollectionName>(
    collection: C,
    id: string,
    from: Collections[C] | null,
    to: Collections[C] | null,
  ): void {
    const old = from === null ? [] : indexedValues(collection, from)
    const current = to === null ? [] : indexedValues(collection, to)
    for (const { field, value } of old) {
      if (current.some((pair) => pair.field === field && pair.value === value)) continue
      unindex.run(collection, field, value, id)
    }
    for (const { field, value } of current) {
      if (old.some((pair) => pair.field === field && pair.value === value)) continue
      index.run(collection, field, value, id)
    }
  }

  function apply(write: Write): void {
    const { collection } = write
    if (write.op === 'delete') {
      const old = read(collection, write.id)
      if (old === null) return
      remove.run(collection, write.id)
      reindex(collection, write.id, old.record, null)
      return
    }
    const { record } = write
    const doc = JSON.stringify(record)
    if (write.op === 'insert') {
      if (insert.run(collection, record.id, doc) === 0) throw CONDITION_FAILED
      reindex(collection, record.id, null, record)
      return
    }
    const old = read(collection, record.id)
    if (old === null || update.run(doc, collection, record.id, write.version) === 0) {
      throw CONDITION_FAILED
    }
    reindex(collection, record.id, old.record, record)
  }

  return {
    async get(collection, id) {
      return read(collection, id)
    },

    async commit(writes) {
      try {
        await database.write(() => writes.forEach(apply))
        return true
      } catch (error) {
        if (error === CONDITION_FAILED) return false
        throw error
      }
    },

    async list(collection, query) {
      const { greaterThan, lessThan, order = 'descending' } = query
      const filters = filterPairs(collection, query.where)
      const sql = listSql({
        filters: filters.length,
        greaterThan: greaterThan !== undefined,
        lessThan: lessThan !== undefined,
        descending: order === 'descending',
      })
      const bounds = [greaterThan, lessThan].filter((bound) => bound !== undefined)
      const rows = database
        .statement(sql)
        .all(
          ...filters.flatMap(({ field, value }) => [field, value]),
          collection,
          ...bounds,
          query.limit,
        ) as Row[]
      return rows.map((row) => parse(row))
    },

    async count(collection, where) {
      const filters = filterPairs(collection, where)
      const row = database
        .statement(countSql(filters.length))
        .get(...filters.flatMap(({ field, value }) => [field, value]), collection) as {
        readonly total: number
      }
      return row.total
    },

    async close() {},
  }
}

function parse<C extends CollectionName>(row: Row): Versioned<Collections[C]> {
  return { record: JSON.parse(row.doc) as Collections[C], version: row.version }
}

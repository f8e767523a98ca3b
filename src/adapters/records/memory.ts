// Records in the heap, for tests. Kept as JSON, so that what is read is what another process would read.

import type { CollectionName, Collections } from '#src/domain/records'
import type { ListQuery, RecordStore, Versioned, Write } from '#src/ports/record-store'
import { filterPairs, indexedValues } from './indexed-values.ts'

interface Stored {
  readonly version: number
  readonly json: string
}

type Table = Map<string, Stored>

export async function openMemoryRecords(): Promise<RecordStore> {
  const tables = new Map<CollectionName, Table>()

  function tableOf(collection: CollectionName): Table {
    const table = tables.get(collection) ?? new Map<string, Stored>()
    tables.set(collection, table)
    return table
  }

  function matching<C extends CollectionName>(
    collection: C,
    where: ListQuery<C>['where'],
  ): readonly (Versioned<Collections[C]> & { readonly id: string })[] {
    const filter = filterPairs(collection, where)
    return [...tableOf(collection)]
      .map(([id, stored]) => ({ id, ...parse<C>(stored) }))
      .filter(({ record }) => {
        const values = indexedValues(collection, record)
        return filter.every((pair) =>
          values.some(({ field, value }) => field === pair.field && value === pair.value),
        )
      })
  }

  return {
    async get(collection, id) {
      const stored = tableOf(collection).get(id)
      return stored === undefined ? null : parse(stored)
    },

    async commit(writes) {
      const before = new Map([...tables].map(([name, table]) => [name, new Map(table)]))
      if (writes.every((write) => apply(tableOf(write.collection), write))) return true
      tables.clear()
      for (const [name, table] of before) tables.set(name, table)
      return false
    },

    async list(collection, query) {
      const { order = 'descending', greaterThan, lessThan, limit, where } = query
      const found = matching(collection, where)
        .filter(({ id }) => greaterThan === undefined || id > greaterThan)
        .filter(({ id }) => lessThan === undefined || id < lessThan)
        .sort((one, other) => (one.id < other.id ? -1 : 1))
      if (order === 'descending') found.reverse()
      return found.slice(0, limit).map(({ record, version }) => ({ record, version }))
    },

    async count(collection, where) {
      return matching(collection, where).length
    },

    async close() {
      tables.clear()
    },
  }
}

/** False when the condition of the write does not hold. */
function apply(table: Table, write: Write): boolean {
  if (write.op === 'delete') {
    table.delete(write.id)
    return true
  }
  const { id } = write.record
  const version = table.get(id)?.version ?? 0
  if (version !== (write.op === 'insert' ? 0 : write.version)) return false
  if (write.op === 'update' && version === 0) return false
  table.set(id, { version: version + 1, json: JSON.stringify(write.record) })
  return true
}

function parse<C extends CollectionName>(stored: Stored): Versioned<Collections[C]> {
  return { record: JSON.parse(stored.json) as Collections[C], version: stored.version }
}

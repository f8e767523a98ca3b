// Records in the heap, for tests. Kept as JSON, so that what is read is what another process would read.

import type { CollectionName, Collections } from '#src/domain/records'
import type { ListQuery, RecordStore, Versioned, Write } from '#src/ports/record-store'
import type { IndexedValue } from './indexed-values.ts'
import { filterPairs, indexedValues } from './indexed-values.ts'

interface Stored {
  readonly version: number
  readonly json: string
  /** What lists may look for: most of what they look at, they do not find. */
  readonly indexed: readonly IndexedValue[]
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
  ): readonly (readonly [id: string, stored: Stored])[] {
    const filter = filterPairs(collection, where)
    return [...tableOf(collection)].filter(([, { indexed }]) =>
      filter.every((pair) =>
        indexed.some(({ field, value }) => field === pair.field && value === pair.value),
      ),
    )
  }

  return {
    async get(collection, id) {
      const stored = tableOf(collection).get(id)
      return stored === undefined ? null : parse(stored)
    },

    async commit(writes) {
      const undo: (() => void)[] = []
      for (const write of writes) {
        const table = tableOf(write.collection)
        const id = write.op === 'delete' ? write.id : write.record.id
        const before = table.get(id)
        undo.push(() => (before === undefined ? table.delete(id) : table.set(id, before)))
        if (apply(table, write)) continue
        for (const back of undo.reverse()) back()
        return false
      }
      return true
    },

    async list(collection, query) {
      const { order = 'descending', greaterThan, lessThan, limit, where } = query
      const found = matching(collection, where)
        .filter(([id]) => greaterThan === undefined || id > greaterThan)
        .filter(([id]) => lessThan === undefined || id < lessThan)
        .sort(([one], [other]) => (one < other ? -1 : 1))
      if (order === 'descending') found.reverse()
      return found.slice(0, limit).map(([, stored]) => parse(stored))
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
  const indexed = indexedValues(write.collection, write.record)
  table.set(id, { version: version + 1, json: JSON.stringify(write.record), indexed })
  return true
}

function parse<C extends CollectionName>(stored: Stored): Versioned<Collections[C]> {
  return { record: JSON.parse(stored.json) as Collections[C], version: stored.version }
}

// A write as scripts take it: the record as JSON, and the names of the index sets it belongs to.

import type { CollectionName, Collections } from '#src/domain/records'
import type { JournalEntry } from '#src/ports/record-journal'
import type { Write } from '#src/ports/record-store'
import { indexedValues } from './indexed-values.ts'
import type { IndexedValue } from './indexed-values.ts'

export interface PreparedWrite {
  readonly op: Write['op']
  readonly collection: CollectionName
  readonly id: string
  /** Of an update: the version that must be there. */
  readonly expected: number
  /** After the write; 0 when deleted. */
  readonly version: number
  readonly document: string
  /** Of its index sets, joined by newlines. */
  readonly names: string
}

export function prepareWrite(write: Write): PreparedWrite {
  const { op, collection } = write
  if (op === 'delete') {
    return { op, collection, id: write.id, expected: 0, version: 0, document: '', names: '' }
  }
  const expected = op === 'insert' ? 0 : write.version
  return {
    op,
    collection,
    id: write.record.id,
    expected,
    version: expected + 1,
    document: JSON.stringify(write.record),
    names: indexNames(collection, write.record),
  }
}

/** JSON leaves no newline in a value, so that names can be joined by newlines. */
export function indexName({ field, value }: IndexedValue): string {
  return `${field}:${JSON.stringify(value)}`
}

function indexNames<C extends CollectionName>(collection: C, record: Collections[C]): string {
  return indexedValues(collection, record).map(indexName).join('\n')
}

/** Of a record that is at hand as JSON only. */
export function namesOfDocument({
  collection,
  document,
}: Pick<JournalEntry, 'collection' | 'document'>): string {
  return document === '' ? '' : indexNames(collection, JSON.parse(document) as never)
}

// Which values of a record lists can filter by, for every driver alike.

import { INDEXES } from '#src/domain/records'
import type { CollectionName, Collections } from '#src/domain/records'

export interface IndexedValue {
  readonly field: string
  readonly value: string
}

/** The record's values of the indexed fields that are strings; `null` and absent ones are not found by any filter. */
export function indexedValues<C extends CollectionName>(
  collection: C,
  record: Collections[C],
): readonly IndexedValue[] {
  const fields: readonly string[] = INDEXES[collection]
  const values = new Map<string, unknown>(Object.entries(record))
  return fields.flatMap((field) => {
    const value = values.get(field)
    return typeof value === 'string' ? [{ field, value }] : []
  })
}

/**
 * The filter as pairs, the tenant last: it is the one that most records of a store may share.
 * Throws on a field that has no index: that is a mistake of the caller's code.
 */
export function filterPairs(
  collection: CollectionName,
  where: Partial<Record<string, string>> | undefined,
): readonly IndexedValue[] {
  const fields: readonly string[] = INDEXES[collection]
  const pairs = Object.entries(where ?? {}).flatMap(([field, value]) => {
    if (value === undefined) return []
    if (!fields.includes(field)) throw new Error(`${collection}.${field} has no index`)
    return [{ field, value }]
  })
  return pairs.sort(
    (one, other) => Number(one.field === 'tenant') - Number(other.field === 'tenant'),
  )
}

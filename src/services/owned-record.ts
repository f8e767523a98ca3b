// A record by id, if it belongs to the tenant. What belongs to another does not exist.

import { TersorError } from '#src/domain/errors'
import type { IdPrefix } from '#src/domain/id'
import { isId } from '#src/domain/id'
import type { CollectionName, Collections } from '#src/domain/records'
import type { RecordStore, Versioned } from '#src/ports/record-store'

export type OwnedCollection = CollectionName & IdPrefix

export async function findOwned<C extends OwnedCollection>(
  records: RecordStore,
  collection: C,
  tenant: string,
  id: string,
): Promise<Versioned<Collections[C]> | null> {
  const found = isId(collection, id) ? await records.get(collection, id) : null
  return found === null || found.record.tenant !== tenant ? null : found
}

/** @throws TersorError not_found */
export async function getOwned<C extends OwnedCollection>(
  records: RecordStore,
  collection: C,
  tenant: string,
  id: string,
): Promise<Versioned<Collections[C]>> {
  const found = await findOwned(records, collection, tenant, id)
  if (found !== null) return found
  throw new TersorError('not_found', `there is no ${collection} with this id`)
}

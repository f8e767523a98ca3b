// Pages of records, newest first. A cursor is the id of a record of the page before (`after`) or behind (`before`).

import { TersorError } from '#src/domain/errors'
import type { IdPrefix } from '#src/domain/id'
import { isId } from '#src/domain/id'
import type { CollectionName, Collections } from '#src/domain/records'
import type { ListQuery, RecordStore } from '#src/ports/record-store'

export interface PageRequest {
  readonly limit: number
  readonly after: string | null
  readonly before: string | null
}

export interface Page<R> {
  readonly data: readonly R[]
  readonly hasMore: boolean
}

type Listed = CollectionName & IdPrefix

/** @throws TersorError invalid_cursor */
export async function listPage<C extends Listed>(
  records: RecordStore,
  collection: C,
  tenant: string,
  where: NonNullable<ListQuery<C>['where']>,
  page: PageRequest,
): Promise<Page<Collections[C]>> {
  if (page.after !== null && page.before !== null) {
    throw new TersorError('invalid_parameter', 'give either after or before, not both')
  }
  await checkCursor(records, collection, tenant, page.after)
  await checkCursor(records, collection, tenant, page.before)
  const found = await records.list(collection, {
    where,
    order: page.before === null ? 'descending' : 'ascending',
    ...(page.after === null ? {} : { lessThan: page.after }),
    ...(page.before === null ? {} : { greaterThan: page.before }),
    limit: page.limit + 1,
  })
  const data = found.slice(0, page.limit).map(({ record }) => record)
  return {
    data: page.before === null ? data : data.toReversed(),
    hasMore: found.length > page.limit,
  }
}

async function checkCursor(
  records: RecordStore,
  collection: Listed,
  tenant: string,
  cursor: string | null,
): Promise<void> {
  if (cursor === null) return
  const known = isId(collection, cursor) ? await records.get(collection, cursor) : null
  // A cursor whose record was deleted meanwhile still says where to go on.
  const foreign = known !== null && known.record.tenant !== tenant
  if (!isId(collection, cursor) || foreign) {
    throw new TersorError(
      'invalid_cursor',
      `a cursor here is an id that starts with ${collection}_`,
    )
  }
}

// Lists on the wire, and the query that asks for a page.

import { z } from 'zod'
import { TersorError } from '#src/domain/errors'
import type { Page, PageRequest } from '#src/services/list-page'

export const pageQuery = {
  limit: z.string().optional().describe('1 to 100; 20 when left out.'),
  after: z.string().max(64).optional().describe('Id of the last item of the page before.'),
  before: z.string().max(64).optional().describe('Id of the first item of the page behind.'),
}

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100

/** @throws TersorError invalid_parameter */
export function pageRequest(query: {
  readonly limit?: string | undefined
  readonly after?: string | undefined
  readonly before?: string | undefined
}): PageRequest {
  const limit =
    query.limit === undefined ? DEFAULT_LIMIT : wholeNumber('limit', query.limit, 1, MAX_LIMIT)
  return { limit, after: query.after ?? null, before: query.before ?? null }
}

/** Query parameters are text; numbers among them are checked here. */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  const detail = `${name} must be a whole number from ${min} to ${max}`
  throw new TersorError('invalid_parameter', detail, {
    errors: [{ pointer: name, code: 'out_of_range', detail }],
  })
}

export function listOf<S extends z.ZodType>(item: S, id: string) {
  return z
    .object({
      object: z.literal('list'),
      data: z.array(item),
      has_more: z.boolean(),
      first_id: z.string().nullable(),
      last_id: z.string().nullable(),
    })
    .meta({ id })
}

export function listBody<T extends { readonly id: string }>(
  data: readonly T[],
  hasMore: boolean,
): object {
  return {
    object: 'list',
    data,
    has_more: hasMore,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  }
}

export function pageBody<R, T extends { readonly id: string }>(
  page: Page<R>,
  represent: (record: R) => T,
): object {
  return listBody(page.data.map(represent), page.hasMore)
}

// The SELECTs over records: their text depends on the shape of the query alone, so that each is prepared once.

export interface ListShape {
  readonly filters: number
  readonly greaterThan: boolean
  readonly lessThan: boolean
  readonly descending: boolean
}

/**
 * Parameters: collection; field and value of each filter; greaterThan, lessThan where given; limit.
 * Each filter is a range of the index's primary key, ordered by id.
 */
export function listSql(shape: ListShape): string {
  const direction = shape.descending ? 'DESC' : 'ASC'
  return [
    'SELECT record.version AS version, record.doc AS doc',
    ...fromFilters(shape.filters),
    shape.greaterThan ? 'AND record.id > ?' : '',
    shape.lessThan ? 'AND record.id < ?' : '',
    `ORDER BY record.id ${direction} LIMIT ?`,
  ].join(' ')
}

/** Parameters: collection; field and value of each filter. */
export function countSql(filters: number): string {
  return ['SELECT count(*) AS total', ...fromFilters(filters)].join(' ')
}

function fromFilters(filters: number): readonly string[] {
  const membership =
    'AND EXISTS (SELECT 1 FROM record_index AS i WHERE i.collection = record.collection AND i.field = ? AND i.value = ? AND i.id = record.id)'
  return ['FROM record WHERE record.collection = ?', ...Array(filters).fill(membership)]
}

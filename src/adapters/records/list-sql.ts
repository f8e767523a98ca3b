// The SELECTs over records: their text depends on the shape of the query alone, so that each is prepared once.

export interface ListShape {
  readonly filters: number
  readonly greaterThan: boolean
  readonly lessThan: boolean
  readonly descending: boolean
}

/**
 * Parameters: field and value of each filter, the collection, greaterThan and lessThan where given, limit.
 * The first filter drives: its entries in the index's primary key are read in order of id until the limit is met.
 */
export function listSql(shape: ListShape): string {
  const id = shape.filters > 0 ? 'f0.id' : 'record.id'
  const direction = shape.descending ? 'DESC' : 'ASC'
  return [
    'SELECT record.version AS version, record.doc AS doc',
    source(shape.filters),
    shape.greaterThan ? `AND ${id} > ?` : '',
    shape.lessThan ? `AND ${id} < ?` : '',
    `ORDER BY ${id} ${direction} LIMIT ?`,
  ].join(' ')
}

/** Parameters: field and value of each filter, the collection. */
export function countSql(filters: number): string {
  return `SELECT count(*) AS total ${source(filters)}`
}

/** CROSS JOIN keeps SQLite from choosing another order of the tables. */
function source(filters: number): string {
  const names = Array.from({ length: filters }, (_, index) => `f${index}`)
  const tables = [...names.map((name) => `record_index AS ${name}`), 'record']
  const matches = names.map((name) => `${name}.field = ? AND ${name}.value = ?`)
  const sameRecord = names.map(
    (name) => `${name}.collection = record.collection AND ${name}.id = record.id`,
  )
  const sameFilter = names
    .slice(1)
    .map((name) => `${name}.collection = f0.collection AND ${name}.id = f0.id`)
  const collection = filters > 0 ? 'f0.collection = ?' : 'record.collection = ?'
  const conditions = [...matches, collection, ...sameFilter, ...sameRecord]
  return `FROM ${tables.join(' CROSS JOIN ')} WHERE ${conditions.join(' AND ')}`
}

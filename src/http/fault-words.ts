// Words for what a field asks for and what it was given.

export function limitText(origin: string, relation: string, limit: number | bigint): string {
  const unit = UNITS[origin]
  if (unit === undefined) return `must be ${relation} ${limit}`
  return `must have ${relation} ${limit} ${Number(limit) === 1 ? unit : `${unit}s`}`
}

const UNITS: Readonly<Record<string, string>> = {
  string: 'character',
  array: 'item',
  set: 'item',
}

const NAMES: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
  null: 'null',
}

export function article(expected: string): string {
  return NAMES[expected] ?? expected
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'number' && !Number.isFinite(value)) return 'one too large to be kept'
  if (typeof value === 'number' && !Number.isInteger(value)) return 'a fraction'
  return NAMES[typeof value] ?? typeof value
}

const LONGEST = 80

/** Text of a client inside our own: control characters escaped, length bounded. */
export function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1).slice(0, LONGEST)
}

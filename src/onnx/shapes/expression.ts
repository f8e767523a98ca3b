// Sizes with symbols: integer polynomials over atoms, in one canonical form, so that equal expressions have equal keys.
// An atom is a named size, floor(p/q), max(a,b) or min(a,b). Named sizes are dimensions, hence ≥ 0.

export type Size = number | Expression

export type Atom =
  | {
      readonly kind: 'symbol'
      readonly key: string
      readonly name: string
      readonly serial: number
    }
  | {
      readonly kind: 'floor'
      readonly key: string
      readonly numerator: Expression
      readonly denominator: Size
      readonly serial: number
    }
  | {
      readonly kind: 'max' | 'min'
      readonly key: string
      readonly left: Size
      readonly right: Size
      readonly serial: number
    }

/** coefficient · product of atoms; atoms are sorted by key and repeated for powers. */
export interface Term {
  readonly coefficient: number
  readonly atoms: readonly Atom[]
  /** Keys of the atoms joined by '*'; empty for the constant term. */
  readonly key: string
}

export class Expression {
  /** Canonical text, e.g. `2*batch`, `floor((h+1)/2)`; equal keys mean equal sizes. */
  readonly key: string
  readonly terms: readonly Term[]
  /** The highest serial of the unnamed symbols in it, or 0 when all symbols have names. */
  readonly serial: number

  constructor(terms: readonly Term[]) {
    this.terms = terms
    this.key = printTerms(terms)
    let serial = 0
    for (const term of terms) {
      for (const atom of term.atoms) serial = Math.max(serial, atom.serial)
    }
    this.serial = serial
  }

  /** The symbol, when the expression is one symbol and nothing else; else `null`. */
  get symbol(): (Atom & { kind: 'symbol' }) | null {
    const [term] = this.terms
    if (this.terms.length !== 1 || term === undefined || term.coefficient !== 1) return null
    const [atom] = term.atoms
    return term.atoms.length === 1 && atom?.kind === 'symbol' ? atom : null
  }
}

/** Longer sums and texts are of no use to anyone, and would let a model make inference slow. */
const MAX_TERMS = 48
const MAX_KEY_LENGTH = 1000

const IDENTIFIER = /^[A-Za-z_][\w.]*$/
let serials = 0

/** The size that `name` stands for. Names that could be read as an expression are quoted in keys. */
export function symbol(name: string): Expression {
  const key = IDENTIFIER.test(name) ? name : `\`${name}\``
  return single({ kind: 'symbol', key, name, serial: 0 })
}

/** An unknown size: equal to itself and to nothing else. It has no name and is never shown. */
export function freshSymbol(): Expression {
  serials += 1
  return single({ kind: 'symbol', key: `?${serials}`, name: '', serial: serials })
}

/** Unnamed symbols made from now on have a serial above this. */
export function lastSerial(): number {
  return serials
}

/** ⌊numerator / denominator⌋ as an atom; `null` when its text gets too long. */
export function floorAtom(numerator: Expression, denominator: Size): Expression | null {
  const product = numerator.terms.length === 1
  const above = product ? numerator.key : `(${numerator.key})`
  const below =
    typeof denominator === 'number' || denominator.symbol !== null
      ? keyOf(denominator)
      : `(${denominator.key})`
  const key = `floor(${above}/${below})`
  const serial = Math.max(numerator.serial, serialOf(denominator))
  if (key.length > MAX_KEY_LENGTH) return null
  return single({ kind: 'floor', key, numerator, denominator, serial })
}

/** max(a, b) or min(a, b) as an atom; `null` when its text gets too long. */
export function extremeAtom(kind: 'max' | 'min', a: Size, b: Size): Expression | null {
  const [left, right] = comesFirst(a, b) ? [a, b] : [b, a]
  const key = `${kind}(${keyOf(left)},${keyOf(right)})`
  const serial = Math.max(serialOf(left), serialOf(right))
  if (key.length > MAX_KEY_LENGTH) return null
  return single({ kind, key, left, right, serial })
}

/** Numbers stand last. */
function comesFirst(a: Size, b: Size): boolean {
  if (typeof a === 'number') return typeof b === 'number' && a <= b
  return typeof b === 'number' || a.key <= b.key
}

export function keyOf(size: Size): string {
  return typeof size === 'number' ? String(size) : size.key
}

export function serialOf(size: Size): number {
  return typeof size === 'number' ? 0 : size.serial
}

function single(atom: Atom): Expression {
  return new Expression([{ coefficient: 1, atoms: [atom], key: atom.key }])
}

export function termsOf(size: Size): readonly Term[] {
  if (typeof size !== 'number') return size.terms
  return size === 0 ? [] : [{ coefficient: size, atoms: [], key: '' }]
}

/** The sum of the terms, like ones collected; `null` beyond 2^53 or when it gets too long to be of use. */
export function sumOfTerms(terms: Iterable<Term>): Size | null {
  const collected = new Map<string, Term>()
  for (const term of terms) {
    const before = collected.get(term.key)
    const coefficient = term.coefficient + (before?.coefficient ?? 0)
    if (!Number.isSafeInteger(coefficient)) return null
    if (coefficient === 0) collected.delete(term.key)
    else collected.set(term.key, before === undefined ? term : { ...term, coefficient })
  }
  const sorted = [...collected.values()]
  if (sorted.length === 0) return 0
  const [first] = sorted
  if (sorted.length === 1 && first !== undefined && first.atoms.length === 0) {
    return first.coefficient
  }
  if (sorted.length > MAX_TERMS) return null
  sorted.sort(compareTerms)
  const result = new Expression(sorted)
  return result.key.length > MAX_KEY_LENGTH ? null : result
}

/** Higher degree first, then by name; the constant last. */
function compareTerms(a: Term, b: Term): number {
  if (a.atoms.length !== b.atoms.length) return b.atoms.length - a.atoms.length
  if (a.key === b.key) return 0
  return a.key < b.key ? -1 : 1
}

export function multiplyTerms(a: Term, b: Term): Term {
  const coefficient = a.coefficient * b.coefficient
  if (a.atoms.length === 0) return { ...b, coefficient }
  if (b.atoms.length === 0) return { ...a, coefficient }
  const atoms = [...a.atoms, ...b.atoms].sort((x, y) => (x.key < y.key ? -1 : 1))
  return { coefficient, atoms, key: atoms.map(({ key }) => key).join('*') }
}

function printTerms(terms: readonly Term[]): string {
  let text = ''
  for (const { coefficient, key } of terms) {
    const size = Math.abs(coefficient)
    const sign = coefficient < 0 ? '-' : text === '' ? '' : '+'
    const body = key === '' ? String(size) : size === 1 ? key : `${size}*${key}`
    text += sign + body
  }
  return text
}

// Facts as the IR's types: sizes without a name become `null`, unless the file declares one.

import type { Value } from '../ir/value.ts'
import type { Dim, ValueType } from '../ir/value-type.ts'
import type { Size } from './expression.ts'
import { keyOf, serialOf, symbol } from './expression.ts'
import type { Fact } from './fact.ts'
import { isTensorFact } from './fact.ts'
import { substitute } from './substitute.ts'

export class ExportedTypes {
  readonly #facts: ReadonlyMap<Value, Fact | null>
  readonly #names: ReadonlyMap<string, string>
  readonly #types = new Map<Value, ValueType | null>()
  /** Declared names that read like expressions: an expression of the same text is set apart by parentheses. */
  #oddNames: ReadonlySet<string> | null = null

  constructor(facts: ReadonlyMap<Value, Fact | null>, names: ReadonlyMap<string, string>) {
    this.#facts = facts
    this.#names = names
  }

  type(value: Value): ValueType | null {
    const known = this.#types.get(value)
    if (known !== undefined) return known
    const type = this.#export(this.#facts.get(value) ?? null)
    this.#types.set(value, type)
    return type
  }

  shapeAt(value: Value, sizes: ReadonlyMap<string, number>): (number | null)[] | null {
    const fact = this.#facts.get(value) ?? null
    if (!isTensorFact(fact) || fact.shape === null) return null
    const byKey = new Map([...sizes].map(([name, size]) => [keyOf(symbol(name)), size]))
    return fact.shape.map((size) => {
      const named = this.#named(size)
      const result = named === null ? null : substitute(named, (key) => byKey.get(key))
      return typeof result === 'number' ? result : null
    })
  }

  #export(fact: Fact | null): ValueType | null {
    if (fact === null) return null
    if (fact.kind === 'other') return fact.type
    if (!isTensorFact(fact)) return { kind: fact.kind, element: this.#export(fact.element) }
    const shape = fact.shape?.map((size) => this.#dim(size)) ?? null
    return { kind: fact.kind, dtype: fact.dtype, shape }
  }

  #dim(size: Size): Dim {
    const named = this.#named(size)
    if (named === null || typeof named === 'number') return named
    const alone = named.symbol
    if (alone !== null) return alone.name
    this.#oddNames ??= oddNames(this.#facts, this.#names)
    return this.#oddNames.has(named.key) ? `(${named.key})` : named.key
  }

  /** The size with declared names for symbols that have none; `null` when one has no name at all. */
  #named(size: Size): Size | null {
    if (serialOf(size) === 0) return size
    const name = this.#names.get(keyOf(size))
    if (name !== undefined) return symbol(name)
    const named = substitute(size, (key) => {
      const declared = this.#names.get(key)
      return declared === undefined ? undefined : symbol(declared)
    })
    return named === null || serialOf(named) > 0 ? null : named
  }
}

function oddNames(
  facts: ReadonlyMap<Value, Fact | null>,
  names: ReadonlyMap<string, string>,
): Set<string> {
  const odd = new Set<string>()
  const add = (name: string) => {
    if (keyOf(symbol(name)) !== name) odd.add(name)
  }
  for (const name of names.values()) add(name)
  for (const fact of facts.values()) {
    if (!isTensorFact(fact)) continue
    for (const size of fact.shape ?? []) {
      if (typeof size !== 'number' && size.symbol !== null) add(size.symbol.name)
    }
  }
  return odd
}

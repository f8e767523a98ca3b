// Types that the file declares (value_info, outputs), used where inference knows nothing and checked where it does.

import type { Value } from '../ir/value.ts'
import type { ValueType } from '../ir/value-type.ts'
import { keyOf, serialOf, symbol } from './expression.ts'
import type { Size } from './expression.ts'
import type { Fact, TensorFact } from './fact.ts'
import { factOfType, isTensorFact, tensor } from './fact.ts'

export class Hints {
  /** Declared names of sizes that inference has no name for, by the size's key. */
  readonly names = new Map<string, string>()
  readonly #problem: (message: string) => void
  readonly #symbol: (name: string) => Size

  constructor(problem: (message: string) => void, name: (text: string) => Size = symbol) {
    this.#problem = problem
    this.#symbol = name
  }

  /** `repeated`: inside a body that runs many times, where a declared name may stand for another size each time. */
  apply(value: Value, fact: Fact | null, repeated: boolean): Fact | null {
    const { type } = value
    if (type === null) return fact
    if (fact === null) return this.#declared(type, repeated)
    if (!isTensorFact(fact)) return fact
    if (type.kind !== 'tensor' && type.kind !== 'sparse_tensor') {
      this.#problem(`'${value.name}' is declared a ${type.kind} but is a ${fact.kind}`)
      return fact
    }
    if (fact.dtype !== 'none' && type.dtype !== 'none' && fact.dtype !== type.dtype) {
      this.#problem(`'${value.name}' is declared ${type.dtype} but is ${fact.dtype}`)
    }
    const dtype = fact.dtype === 'none' ? type.dtype : fact.dtype
    if (type.shape === null) return dtype === fact.dtype ? fact : { ...copy(fact), dtype }
    if (fact.shape === null) {
      const declared = this.#declared({ ...type, dtype }, repeated)
      return declared ?? fact
    }
    if (type.shape.length !== fact.shape.length) {
      this.#problem(
        `'${value.name}' is declared of rank ${type.shape.length} but has rank ${fact.shape.length}`,
      )
      return fact
    }
    const declared = type.shape
    const shape = fact.shape.map((size, axis) =>
      this.#refine(value, size, declared[axis] ?? null, repeated),
    )
    const changed = shape.some((size, axis) => size !== fact.shape?.[axis])
    if (!changed) return dtype === fact.dtype ? fact : { ...copy(fact), dtype }
    return { kind: fact.kind, dtype, shape, data: fact.data }
  }

  #declared(type: ValueType, repeated: boolean): Fact | null {
    return factOfType(type, repeated ? () => tensor('none', [null]).shape?.[0] ?? 0 : this.#symbol)
  }

  #refine(value: Value, size: Size, declared: number | string | null, repeated: boolean): Size {
    if (typeof size === 'number') {
      if (typeof declared === 'number' && declared >= 0 && declared !== size) {
        this.#problem(`'${value.name}' is declared with size ${declared} where it has ${size}`)
      }
      return size
    }
    if (serialOf(size) === 0) return size
    if (typeof declared === 'number') return declared >= 0 ? declared : size
    if (declared !== null && declared !== '' && !repeated && !this.names.has(keyOf(size))) {
      this.names.set(keyOf(size), declared)
    }
    return size
  }
}

function copy({ kind, dtype, shape, data }: TensorFact): TensorFact {
  return { kind, dtype, shape, data }
}

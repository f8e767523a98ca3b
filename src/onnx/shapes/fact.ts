// What is known of a value: its type with symbolic sizes, and its elements where shape arithmetic needs them.

import type { DataType } from '../ir/data-type.ts'
import type { Tensor } from '../ir/tensor.ts'
import type { MapType, OpaqueType, ValueType } from '../ir/value-type.ts'
import type { Size } from './expression.ts'
import { freshSymbol, symbol } from './expression.ts'
import type { PartialTensor } from './partial-tensor.ts'
import { partialTensor, readPartial } from './partial-tensor.ts'
import type { Element } from './element.ts'
import type { MaybeSize } from './symbols.ts'

export type DtypeOrNone = DataType | 'none'

export interface TensorFact {
  readonly kind: 'tensor' | 'sparse_tensor'
  readonly dtype: DtypeOrNone
  /** Unknown dimensions are unnamed symbols; `null`: the rank is unknown. */
  readonly shape: readonly Size[] | null
  readonly data: PartialTensor | null
}

export interface ContainerFact {
  readonly kind: 'sequence' | 'optional'
  /** What holds for every element. */
  readonly element: Fact | null
  /** Each element, where the sequence is known one by one. */
  readonly items: readonly (Fact | null)[] | null
}

/** Maps and opaque types: no rule looks inside. */
export interface OtherFact {
  readonly kind: 'other'
  readonly type: MapType | OpaqueType
}

export type Fact = TensorFact | ContainerFact | OtherFact

/** A tensor; unknown dimensions become unnamed symbols. */
export function tensor(
  dtype: DtypeOrNone,
  shape: readonly MaybeSize[] | null,
  elements: readonly Element[] | null = null,
): TensorFact {
  const sizes = shape?.map((dim) => dim ?? freshSymbol()) ?? null
  const known = elements ?? (sizes?.includes(0) ? [] : null)
  const data = dtype === 'none' ? null : partialTensor(dtype, sizes, known)
  return { kind: 'tensor', dtype, shape: sizes, data }
}

/** A tensor of this rank and nothing known of its sizes. */
export function ofRank(dtype: DtypeOrNone, rank: number | null): TensorFact {
  return tensor(dtype, rank === null ? null : unknownSizes(rank))
}

export function unknownSizes(count: number): null[] {
  return Array.from({ length: count }, () => null)
}

export function container(
  kind: ContainerFact['kind'],
  element: Fact | null,
  items: ContainerFact['items'] = null,
): ContainerFact {
  return { kind, element, items }
}

/** A constant, read when a rule asks for its elements. */
export class ConstantFact implements TensorFact {
  readonly kind = 'tensor'
  readonly dtype: DataType
  readonly shape: readonly Size[]
  readonly tensor: Tensor
  #data: PartialTensor | null | undefined

  constructor(constant: Tensor) {
    this.dtype = constant.dtype
    this.shape = constant.dims
    this.tensor = constant
  }

  get data(): PartialTensor | null {
    if (this.#data === undefined) this.#data = readPartial(this.tensor)
    return this.#data
  }
}

/** What a declared type says. `name` gives the size of a named dimension. */
export function factOfType(
  type: ValueType | null,
  name: (text: string) => Size = symbol,
): Fact | null {
  if (type === null) return null
  if (type.kind === 'map' || type.kind === 'opaque') return { kind: 'other', type }
  if ('element' in type) {
    return container(type.kind, factOfType(type.element, name))
  }
  const sizes = type.shape?.map((dim) => {
    if (typeof dim === 'string') return dim === '' ? null : name(dim)
    return dim !== null && dim >= 0 ? dim : null
  })
  return { ...tensor(type.dtype, sizes ?? null), kind: type.kind }
}

export function isTensorFact(fact: Fact | null): fact is TensorFact {
  return fact !== null && (fact.kind === 'tensor' || fact.kind === 'sparse_tensor')
}

export function isContainer(fact: Fact | null): fact is ContainerFact {
  return fact !== null && (fact.kind === 'sequence' || fact.kind === 'optional')
}

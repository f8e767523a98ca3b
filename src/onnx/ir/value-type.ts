// Types of values: ONNX `TypeProto`. What is unknown is `null`, never a guess.

import type { DataType } from './data-type.ts'

/** A dimension: a size, a symbol that stands for one size wherever it occurs, or unknown. */
export type Dim = number | string | null

/** `null`: not even the rank is known. */
export type Shape = readonly Dim[] | null

export interface TensorType {
  readonly kind: 'tensor' | 'sparse_tensor'
  readonly dtype: DataType | 'none'
  readonly shape: Shape
  /** `TypeProto.denotation` and the dimensions' denotations, kept for round trips. */
  readonly denotation?: string
  readonly dimDenotations?: readonly string[]
}

export interface SequenceType {
  readonly kind: 'sequence' | 'optional'
  readonly element: ValueType | null
  readonly denotation?: string
}

export interface MapType {
  readonly kind: 'map'
  readonly key: DataType | 'none'
  readonly value: ValueType | null
  readonly denotation?: string
}

/** A type that only the runtime of its domain understands. */
export interface OpaqueType {
  readonly kind: 'opaque'
  readonly domain: string
  readonly name: string
  readonly denotation?: string
}

export type ValueType = TensorType | SequenceType | MapType | OpaqueType

export function tensorType(dtype: DataType | 'none', shape: Shape): TensorType {
  return { kind: 'tensor', dtype, shape }
}

/** Elements of a shape whose dimensions are all numbers, else `null`. */
export function elementCount(shape: Shape): number | null {
  if (shape === null) return null
  let count = 1
  for (const dim of shape) {
    if (typeof dim !== 'number') return null
    count *= dim
  }
  return count
}

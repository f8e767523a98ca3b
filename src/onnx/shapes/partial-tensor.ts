// Small tensors whose elements are known in part: what shape arithmetic works on.

import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'
import type { Tensor } from '../ir/tensor.ts'
import { rawTensor, tensorSize } from '../ir/tensor.ts'
import { elements, floatValues } from '../tensor-values.ts'
import type { Element } from './element.ts'
import { sizeOf } from './element.ts'
import { isConcrete } from './element-arithmetic.ts'
import { writeElement } from './write-element.ts'
import type { MaybeSize } from './symbols.ts'

/** Larger tensors are not followed. */
export const MAX_ELEMENTS = 4096

export interface PartialTensor {
  readonly dtype: DataType
  readonly dims: readonly number[]
  /** In row-major order; as many as the dimensions say. */
  readonly elements: readonly Element[]
}

/** The tensor when its elements are as many as its dimensions say and not too many to follow; else `null`. */
export function partialTensor(
  dtype: DataType,
  dims: readonly MaybeSize[] | null,
  elements: readonly Element[] | null,
): PartialTensor | null {
  if (dims === null || elements === null || elements.length > MAX_ELEMENTS) return null
  const numbers: number[] = []
  for (const dim of dims) {
    if (typeof dim !== 'number') return null
    numbers.push(dim)
  }
  if (tensorSize({ dims: numbers }) !== elements.length) return null
  return { dtype, dims: numbers, elements }
}

/** The elements as sizes, `null` where they are none. */
export function sizesOf(data: PartialTensor): MaybeSize[] {
  return data.elements.map(sizeOf)
}

/** The elements of a stored tensor; `null` for strings, complex numbers, missing bytes and large tensors. */
export function readPartial(tensor: Tensor): PartialTensor | null {
  const count = tensorSize(tensor)
  const { family } = DATA_TYPES[tensor.dtype]
  if (!(count >= 0 && count <= MAX_ELEMENTS)) return null
  if (family === 'string' || family === 'complex') return null
  if (count > 0 && !hasBytes(tensor)) return null
  return partialTensor(tensor.dtype, tensor.dims, count === 0 ? [] : readElements(tensor))
}

function hasBytes({ storage }: Tensor): boolean {
  if (storage.kind === 'none') return false
  return storage.kind !== 'external' || storage.range !== 'none'
}

function readElements(tensor: Tensor): Element[] {
  const narrow = DATA_TYPES[tensor.dtype].family === 'float' && tensor.dtype !== 'float64'
  const values = narrow ? floatValues(tensor) : elements(tensor)
  return Array.from<number | bigint, Element>(values, (value) =>
    Number.isSafeInteger(Number(value)) ? Number(value) : value,
  )
}

/** A tensor of exactly these elements, or `null` when one of them is not known or not storable. */
export function toTensor(name: string, data: PartialTensor): Tensor | null {
  const { bits } = DATA_TYPES[data.dtype]
  if (bits === 'none' || bits < 8) return null
  const width = bits / 8
  const view = new DataView(new ArrayBuffer(data.elements.length * width))
  for (const [index, element] of data.elements.entries()) {
    if (!isConcrete(element)) return null
    if (!writeElement(view, data.dtype, index * width, element)) return null
  }
  return rawTensor(name, data.dtype, data.dims, new Uint8Array(view.buffer))
}

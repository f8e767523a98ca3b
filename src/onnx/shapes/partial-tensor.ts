// Small tensors whose elements are known in part: what shape arithmetic works on.

import type { ByteRange } from '../ir/byte-range.ts'
import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'
import type { Tensor } from '../ir/tensor.ts'
import { rawTensor, tensorSize } from '../ir/tensor.ts'
import type { Element } from './element.ts'
import { sizeOf } from './element.ts'
import { isConcrete } from './element-arithmetic.ts'
import { decodeElement, encodeElement } from './element-bytes.ts'
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
  const elements = count === 0 ? [] : readElements(tensor, count)
  return partialTensor(tensor.dtype, tensor.dims, elements)
}

function readElements(tensor: Tensor, count: number): Element[] | null {
  const { storage, dtype } = tensor
  switch (storage.kind) {
    case 'none':
    case 'string_data':
      return null
    case 'raw':
      return fromBytes(storage.range, dtype, count)
    case 'external':
      return storage.range === 'none' ? null : fromBytes(storage.range, dtype, count)
    case 'float_data':
    case 'double_data':
      return Array.from(storage.values)
    case 'int64_data':
    case 'uint64_data':
      return Array.from(storage.values, (value) =>
        Number.isSafeInteger(Number(value)) ? Number(value) : value,
      )
    case 'int32_data':
      return fromInt32(storage.values, dtype, count)
  }
}

function fromBytes(range: ByteRange, dtype: DataType, count: number): Element[] | null {
  const { bits } = DATA_TYPES[dtype]
  if (bits === 'none' || range.length < Math.ceil((count * bits) / 8)) return null
  const bytes = range.bytes()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: count }, (_, index) => decodeElement(view, dtype, index))
}

/** `int32_data` holds one element per entry, or packed bytes for types below 8 bits. */
function fromInt32(values: Int32Array, dtype: DataType, count: number): Element[] | null {
  const { bits, family } = DATA_TYPES[dtype]
  if (family !== 'float' && bits !== 'none' && bits >= 8) return Array.from(values)
  if (bits === 'none' || bits > 16) return null
  const step = bits === 16 ? 2 : 1
  const packed = new DataView(new ArrayBuffer(values.length * step))
  values.forEach((value, index) => {
    if (step === 2) packed.setUint16(index * 2, value, true)
    else packed.setUint8(index, value)
  })
  if (packed.byteLength < Math.ceil((count * bits) / 8)) return null
  return Array.from({ length: count }, (_, index) => decodeElement(packed, dtype, index))
}

/** A tensor of exactly these elements, or `null` when one of them is not known or not storable. */
export function toTensor(name: string, data: PartialTensor): Tensor | null {
  const { bits } = DATA_TYPES[data.dtype]
  if (bits === 'none' || bits < 8) return null
  const width = bits / 8
  const view = new DataView(new ArrayBuffer(data.elements.length * width))
  for (const [index, element] of data.elements.entries()) {
    if (!isConcrete(element)) return null
    if (!encodeElement(view, data.dtype, index * width, element)) return null
  }
  return rawTensor(name, data.dtype, data.dims, new Uint8Array(view.buffer))
}

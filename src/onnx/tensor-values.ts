// Typed access to the elements of a tensor, in row-major order, whichever way they are stored.

import type { DataType } from './ir/data-type.ts'
import type { NumericArray } from './ir/numeric-array.ts'
import type { Tensor } from './ir/tensor.ts'
import { tensorSize } from './ir/tensor.ts'
import { decodeFloats } from './float-formats.ts'
import { OnnxError } from './onnx-error.ts'
import { unpackSigned, unpackUnsigned } from './sub-byte.ts'
import { tensorBytes, viewAs } from './tensor-bytes.ts'

export { tensorBytes } from './tensor-bytes.ts'
export { encodeFloat16 } from './float-formats.ts'

/** Elements in the narrowest array that holds them exactly; narrow floats as bit patterns, decoded below. */
export type ElementArray = NumericArray

function mismatch(tensor: Tensor, wanted: string): OnnxError {
  return new OnnxError(
    'invalid_initializer',
    `tensor '${tensor.name}' is ${tensor.dtype}, not ${wanted}`,
    { tensor: tensor.name },
  )
}

/**
 * The elements as a typed array of the tensor's own type: a view where the bytes are in memory and aligned. float16,
 * bfloat16, float8 and float4 as bit patterns, one per element; bool as 0 and 1; int4, uint4, int2, uint2 one per byte.
 * @throws OnnxError invalid_initializer for strings and complex numbers; external_data_missing
 */
export function elements(tensor: Tensor): ElementArray {
  const bytes = tensorBytes(tensor)
  const count = tensorSize(tensor)
  switch (tensor.dtype) {
    case 'float32':
      return viewAs(Float32Array, bytes)
    case 'float64':
      return viewAs(Float64Array, bytes)
    case 'float16':
    case 'bfloat16':
    case 'uint16':
      return viewAs(Uint16Array, bytes)
    case 'int16':
      return viewAs(Int16Array, bytes)
    case 'int32':
      return viewAs(Int32Array, bytes)
    case 'uint32':
      return viewAs(Uint32Array, bytes)
    case 'int64':
      return viewAs(BigInt64Array, bytes)
    case 'uint64':
      return viewAs(BigUint64Array, bytes)
    case 'int8':
      return viewAs(Int8Array, bytes)
    case 'uint4':
    case 'float4e2m1':
      return unpackUnsigned(bytes, count, 4)
    case 'int4':
      return unpackSigned(bytes, count, 4)
    case 'uint2':
      return unpackUnsigned(bytes, count, 2)
    case 'int2':
      return unpackSigned(bytes, count, 2)
    case 'string':
    case 'complex64':
    case 'complex128':
      throw mismatch(tensor, 'a real number')
    default:
      return bytes
  }
}

/**
 * The elements as float32: a view for float32 in memory, else converted (float64 and integers are rounded).
 * @throws OnnxError invalid_initializer for strings and complex numbers; external_data_missing
 */
export function floatValues(tensor: Tensor): Float32Array {
  const values = elements(tensor)
  switch (tensor.dtype) {
    case 'float16':
    case 'bfloat16':
    case 'float8e4m3fn':
    case 'float8e4m3fnuz':
    case 'float8e5m2':
    case 'float8e5m2fnuz':
    case 'float8e8m0':
    case 'float4e2m1':
      return decodeFloats(tensor.dtype, values as Uint16Array | Uint8Array)
    default:
  }
  if (values instanceof Float32Array) return values
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    const floats = new Float32Array(values.length)
    for (let index = 0; index < values.length; index += 1) floats[index] = Number(values[index])
    return floats
  }
  return new Float32Array(values)
}

const WHOLE: ReadonlySet<DataType> = new Set<DataType>([
  'int64',
  'int32',
  'int16',
  'int8',
  'int4',
  'int2',
  'uint64',
  'uint32',
  'uint16',
  'uint8',
  'uint4',
  'uint2',
  'bool',
])

function wholeElements(tensor: Tensor): ElementArray {
  if (!WHOLE.has(tensor.dtype)) throw mismatch(tensor, 'an integer type')
  return elements(tensor)
}

/**
 * Integer or boolean elements as numbers; 64-bit ones beyond 2^53 lose digits, see `bigintValues`.
 * @throws OnnxError invalid_initializer when the tensor holds no integers; external_data_missing
 */
export function intValues(tensor: Tensor): number[] {
  return Array.from<number | bigint, number>(wholeElements(tensor), Number)
}

/** Integer or boolean elements, exact. Errors as `intValues`. */
export function bigintValues(tensor: Tensor): bigint[] {
  return Array.from<number | bigint, bigint>(wholeElements(tensor), BigInt)
}

/**
 * @throws OnnxError invalid_initializer when the tensor holds no strings
 */
export function stringValues(tensor: Tensor): string[] {
  if (tensor.dtype !== 'string') throw mismatch(tensor, 'string')
  if (tensor.storage.kind !== 'string_data') return []
  const decoder = new TextDecoder()
  return tensor.storage.values.map((value) => decoder.decode(value))
}

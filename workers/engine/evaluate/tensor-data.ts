// Tensors of the runtime as arrays: empty ones, slices, numbers.

import type { DataType } from '#src/onnx/ir/data-type'
import { decodeFloats } from '#src/onnx/float-formats'
import type { RuntimeTensor, TensorData } from '../runtime/runtime.ts'

const ARRAYS: Partial<Record<DataType, new (length: number) => TensorData>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
}

/** @throws TypeError for types that cannot be handed to the runtime */
export function emptyData(dtype: DataType, length: number): TensorData {
  const Array = ARRAYS[dtype]
  if (Array === undefined) throw new TypeError(`no tensors of ${dtype} are fed`)
  return new Array(length)
}

/** Samples [start, end) along the first axis: a view. */
export function sliceSamples(tensor: RuntimeTensor, start: number, end: number): RuntimeTensor {
  const [, ...rest] = tensor.dims
  const size = rest.reduce((product, dim) => product * dim, 1)
  return {
    dtype: tensor.dtype,
    dims: [end - start, ...rest],
    data: tensor.data.subarray(start * size, end * size),
  }
}

/** The elements as numbers: float16 decoded, 64-bit integers rounded to doubles. */
export function numbersOf({ dtype, data }: RuntimeTensor): ArrayLike<number> {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return Float64Array.from(data as BigInt64Array, Number)
  }
  if (dtype === 'float16' && data instanceof Uint16Array) return decodeFloats('float16', data)
  return data
}

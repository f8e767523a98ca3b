// Tensors from plain numbers, of any numeric type.

import type { DataType } from './ir/data-type.ts'
import type { Tensor } from './ir/tensor.ts'
import { rawTensor, typedTensor } from './ir/tensor.ts'
import { encodeBfloat16, encodeFloat16, encodeSmallFloats } from './float-formats.ts'
import { OnnxError } from './onnx-error.ts'
import { packElements } from './sub-byte.ts'

/**
 * A tensor of the values, rounded to the type; complex numbers as pairs (real, imaginary).
 * @throws OnnxError invalid_initializer for strings, and when an integer type gets a fraction
 */
export function makeTensor(
  name: string,
  dtype: DataType,
  dims: readonly number[],
  values: readonly (number | bigint)[],
): Tensor {
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return typedTensor(name, dtype, dims, Float32Array.from(values, Number))
    case 'float64':
    case 'complex128':
      return typedTensor(name, dtype, dims, Float64Array.from(values, Number))
    case 'float16':
      return typedTensor(name, dtype, dims, encodeFloat16(Float32Array.from(values, Number)))
    case 'bfloat16':
      return typedTensor(name, dtype, dims, encodeBfloat16(Float32Array.from(values, Number)))
    case 'float8e4m3fn':
    case 'float8e4m3fnuz':
    case 'float8e5m2':
    case 'float8e5m2fnuz':
    case 'float8e8m0':
      return rawTensor(name, dtype, dims, encodeSmallFloats(dtype, values.map(Number)))
    case 'float4e2m1': {
      const patterns = encodeSmallFloats(dtype, values.map(Number))
      return rawTensor(name, dtype, dims, packElements(patterns, 4))
    }
    case 'int64':
      return typedTensor(name, dtype, dims, BigInt64Array.from(values, BigInt))
    case 'uint64':
      return typedTensor(name, dtype, dims, BigUint64Array.from(values, BigInt))
    default:
      return narrowInteger(name, dtype, dims, values.map(Number))
  }
}

function narrowInteger(
  name: string,
  dtype: DataType,
  dims: readonly number[],
  values: readonly number[],
): Tensor {
  const fraction = values.find((value) => !Number.isInteger(value))
  if (fraction !== undefined) {
    const detail = `tensor '${name}' is ${dtype} and cannot hold ${fraction}`
    throw new OnnxError('invalid_initializer', detail, { tensor: name })
  }
  switch (dtype) {
    case 'int32':
      return typedTensor(name, dtype, dims, Int32Array.from(values))
    case 'uint32':
      return typedTensor(name, dtype, dims, Uint32Array.from(values))
    case 'int16':
      return typedTensor(name, dtype, dims, Int16Array.from(values))
    case 'uint16':
      return typedTensor(name, dtype, dims, Uint16Array.from(values))
    case 'int8':
    case 'uint8':
    case 'bool':
      return rawTensor(name, dtype, dims, Uint8Array.from(values))
    case 'int4':
    case 'uint4':
      return rawTensor(name, dtype, dims, packElements(values, 4))
    case 'int2':
    case 'uint2':
      return rawTensor(name, dtype, dims, packElements(values, 2))
    default: {
      const detail = `tensor '${name}' is ${dtype}, which holds no numbers`
      throw new OnnxError('invalid_initializer', detail, { tensor: name })
    }
  }
}

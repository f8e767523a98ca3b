// Constant inputs of nodes as numbers.

import type { Value } from '#src/onnx/ir/value'
import { floatValues, intValues } from '#src/onnx/tensor-values'
import { isFloat } from '#src/onnx/ir/data-type'

/** The elements of a float32 constant, or `null` when the value is no such constant. Do not write to them. */
export function float32Constant(value: Value | null): Float32Array | null {
  const tensor = value?.constant ?? null
  return tensor?.dtype === 'float32' ? floatValues(tensor) : null
}

/** The elements of an integer constant, or `null`. */
export function intConstant(value: Value | null): number[] | null {
  const tensor = value?.constant ?? null
  if (tensor === null || isFloat(tensor.dtype) || tensor.dtype === 'string') return null
  return intValues(tensor)
}

/** The one element of a floating-point constant, or `null` when it is no constant or has another number of elements. */
export function scalarConstant(value: Value | null): number | null {
  const tensor = value?.constant ?? null
  if (tensor === null || !isFloat(tensor.dtype)) return null
  if (tensor.dims.some((dim) => dim !== 1)) return null
  return floatValues(tensor)[0] ?? null
}

/**
 * A constant operand of an elementwise operator as one number per channel, when it broadcasts against [N, C, …] of
 * this rank along the channel axis only; `null` otherwise.
 */
export function channelConstant(
  value: Value | null,
  channels: number,
  rank: number,
): Float32Array | null {
  const values = float32Constant(value)
  const dims = value?.constant?.dims
  if (values === null || dims === undefined || dims.length > rank) return null
  if (values.length === 1) return new Float32Array(channels).fill(values[0] ?? 0)
  const channelAxis = dims.length - (rank - 1)
  const perChannel = dims.every((dim, axis) => dim === (axis === channelAxis ? channels : 1))
  return perChannel && values.length === channels ? values : null
}

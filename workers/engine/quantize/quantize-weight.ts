// Weights in int8, symmetric: q = round(w / s), s = max|w| / 127 per channel or per tensor, zero point 0.

import type { Tensor } from '#src/onnx/ir/tensor'
import { OnnxError } from '#src/onnx/onnx-error'
import { floatValues } from '#src/onnx/tensor-values'

export interface QuantizedWeight {
  readonly values: Int8Array
  /** One per index of the channel axis, or one. */
  readonly scales: Float32Array
}

export interface WeightLayout {
  readonly dims: readonly number[]
  readonly axis: number | 'none'
}

/** Channels without any weight take this share of the largest scale: never zero, whatever bias is divided by it. */
const EMPTY_CHANNEL_SHARE = 0.01
const ALL_ZERO_SCALE = 8e-5

/** Which channel the element at a flat index belongs to. */
export function channelOf({ dims, axis }: WeightLayout): (index: number) => number {
  if (axis === 'none') return () => 0
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const channels = dims[axis] ?? 1
  return (index) => Math.floor(index / inner) % channels
}

/**
 * The elements of a weight as float32.
 * @throws OnnxError invalid_weights when one is NaN or infinite
 */
export function finiteWeights(tensor: Tensor): Float32Array {
  const values = floatValues(tensor)
  const index = values.findIndex((value) => !Number.isFinite(value))
  if (index >= 0) {
    throw new OnnxError(
      'invalid_weights',
      `tensor '${tensor.name}' holds ${values[index]} at element ${index}; weights must be finite to be quantized`,
      { tensor: tensor.name },
    )
  }
  return values
}

/** `limit`: the largest integer used, 127, or 63 where products of 8 bits saturate. */
export function weightScales(
  values: Float32Array,
  layout: WeightLayout,
  limit: number,
): Float32Array {
  const channels = layout.axis === 'none' ? 1 : (layout.dims[layout.axis] ?? 1)
  const largest = new Float32Array(channels)
  const channel = channelOf(layout)
  for (let index = 0; index < values.length; index += 1) {
    const at = channel(index)
    const magnitude = Math.abs(values[index] ?? 0)
    if (magnitude > (largest[at] ?? 0)) largest[at] = magnitude
  }
  const overall = largest.reduce((most, value) => Math.max(most, value), 0) / limit
  const empty = overall > 0 ? overall * EMPTY_CHANNEL_SHARE : ALL_ZERO_SCALE
  return largest.map((value) => (value > 0 ? value / limit : empty))
}

export function quantizeWeight(
  values: Float32Array,
  layout: WeightLayout,
  scales: Float32Array,
  limit = 127,
): QuantizedWeight {
  const channel = channelOf(layout)
  const quantized = new Int8Array(values.length)
  for (let index = 0; index < values.length; index += 1) {
    const scaled = Math.round((values[index] ?? 0) / (scales[channel(index)] ?? 1))
    quantized[index] = Math.max(-limit, Math.min(limit, scaled))
  }
  return { values: quantized, scales }
}

/** 10·log10(Σw² / Σ(w − s·q)²) in dB; Infinity when nothing is lost. */
export function weightSqnr(
  values: Float32Array,
  layout: WeightLayout,
  { values: quantized, scales }: QuantizedWeight,
): number {
  const channel = channelOf(layout)
  let signal = 0
  let noise = 0
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0
    const error = value - (quantized[index] ?? 0) * (scales[channel(index)] ?? 1)
    signal += value * value
    noise += error * error
  }
  return noise === 0 ? Infinity : 10 * Math.log10(signal / noise)
}

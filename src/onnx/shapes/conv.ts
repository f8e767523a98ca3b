// Convolutions. X is [N, C, spatial...], W is [M, C/group, kernel...].

import type { Call, RuleTable, ShapeRule } from './call.ts'
import type { DtypeOrNone, TensorFact } from './fact.ts'
import { ofRank, tensor, unknownSizes } from './fact.ts'
import type { MaybeSize } from './symbols.ts'
import { add, exactDivide, multiply, product, subtract } from './symbols.ts'
import { extent, windowOutput, windowSpec } from './window.ts'

/** Kernel sizes from the attribute, else from the weights' spatial dimensions. */
function kernelOf(call: Call, weights: number): MaybeSize[] | null {
  const shape = call.shape(weights)
  const spatial = shape === null ? null : shape.slice(2)
  return call.ints('kernel_shape') ?? spatial ?? null
}

export function convShape(
  call: Call,
  data: number,
  weights: number,
  dtype: DtypeOrNone,
): TensorFact {
  const shape = call.shape(data)
  const kernel = kernelOf(call, weights)
  const channels = call.dim(weights, 0)
  const last = call.int('channels_last', 0) !== 0
  const batch = shape?.[0] ?? null
  if (kernel === null) return ofRank(dtype, shape?.length ?? null)
  const spec = windowSpec(call, kernel)
  const spatial = last ? shape?.slice(1, -1) : shape?.slice(2)
  const sizes =
    spec === null || spatial === undefined
      ? unknownSizes(kernel.length)
      : windowOutput(call, spatial, spec)
  return tensor(dtype, last ? [batch, ...sizes, channels] : [batch, channels, ...sizes])
}

export function convRule(
  data: number,
  weights: number,
  dtype: (call: Call) => DtypeOrNone,
): ShapeRule {
  return (call) => [convShape(call, data, weights, dtype(call))]
}

/** W is [C, M/group, kernel...]; out = stride·(in - 1) + output_padding + extent - pads. */
const convTranspose: ShapeRule = (call) => {
  const shape = call.shape(0)
  const kernel = kernelOf(call, 1)
  const dtype = call.dtype(0)
  if (kernel === null) return [ofRank(dtype, shape?.length ?? null)]
  const channels = multiply(call.dim(1, 1), call.int('group', 1))
  const spatial = transposedSizes(call, shape?.slice(2) ?? unknownSizes(kernel.length), kernel)
  return [tensor(dtype, [shape?.[0] ?? null, channels, ...spatial])]
}

function transposedSizes(
  call: Call,
  input: readonly MaybeSize[],
  kernel: readonly MaybeSize[],
): MaybeSize[] {
  const fixed = call.ints('output_shape')
  // Some exporters write the batch and the channels too.
  if (fixed !== null && fixed.length >= kernel.length) return fixed.slice(-kernel.length)
  const spec = windowSpec(call, kernel)
  const padding = call.ints('output_padding') ?? []
  if (spec === null) return unknownSizes(kernel.length)
  return spec.axes.map((axis, index) => {
    const size = input[index] ?? null
    if (spec.autoPad.startsWith('SAME')) return multiply(size, axis.stride)
    const spread = multiply(subtract(size, 1), axis.stride)
    const grown = add(add(spread, extent(axis)), padding[index] ?? 0)
    return subtract(grown, axis.padBegin + axis.padEnd)
  })
}

/** Col2Im: [N, C·∏block, L] → [N, C, image...]. */
const columnsToImage: ShapeRule = (call) => {
  const image = call.sizes(1)
  const block = call.sizes(2)
  if (image === null) return [ofRank(call.dtype(0), null)]
  const channels = block === null ? null : exactDivide(call.dim(0, 1), product(block))
  return [tensor(call.dtype(0), [call.dim(0, 0), channels, ...image])]
}

/** A causal 1-D convolution keeps the length; the second output is the state, [N, C, kernel - 1]. */
const causalConvWithState: ShapeRule = (call) => {
  const state = subtract(call.dim(1, -1), 1)
  const spatial = call.shape(0)
  return [
    tensor(call.dtype(0), spatial),
    tensor(call.dtype(0), [call.dim(0, 0), call.dim(0, 1), state]),
  ]
}

export const CONV_RULES: RuleTable = {
  CausalConvWithState: causalConvWithState,
  Col2Im: columnsToImage,
  Conv: convRule(0, 1, (call) => call.dtype(0)),
  ConvInteger: convRule(0, 1, () => 'int32'),
  ConvTranspose: convTranspose,
  DeformConv: convRule(0, 1, (call) => call.dtype(0)),
  QLinearConv: convRule(0, 3, (call) => call.dtype(7)),
}

// Pooling over [N, C, spatial...], and pooling of regions.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import type { DtypeOrNone } from './fact.ts'
import { ofRank, tensor } from './fact.ts'
import type { MaybeSize } from './symbols.ts'
import { add, multiply, subtract } from './symbols.ts'
import { extent, windowOutput, windowSpec } from './window.ts'

export function pooledShape(call: Call, channelsLast = false): MaybeSize[] | null {
  const shape = call.shape(0)
  const kernel = call.ints('kernel_shape')
  if (shape === null || kernel === null) return shape?.map(() => null) ?? null
  const spec = windowSpec(call, kernel)
  if (spec === null || shape.length !== kernel.length + 2) return null
  // The specification and the runtime disagree on the padding of dilated windows.
  const dilated = spec.axes.some(({ dilation }) => dilation > 1)
  if (dilated && spec.autoPad.startsWith('SAME')) return shape.map(() => null)
  const [batch = null] = shape
  if (channelsLast) {
    return [batch, ...windowOutput(call, shape.slice(1, -1), spec), shape.at(-1) ?? null]
  }
  return [batch, shape[1] ?? null, ...windowOutput(call, shape.slice(2), spec)]
}

export function poolRule(dtype: (call: Call) => DtypeOrNone): ShapeRule {
  return (call) => [tensor(dtype(call), pooledShape(call, call.int('channels_last', 0) !== 0))]
}

const firstDtype = (call: Call) => call.dtype(0)

/** The second output holds indices. */
const maxPool: ShapeRule = (call) => {
  const { dtype, shape } = tensor(call.dtype(0), pooledShape(call))
  return [tensor(dtype, shape), tensor('int64', shape)]
}

export const globalPool: ShapeRule = (call) => {
  const shape = call.shape(0)
  return [tensor(call.dtype(0), shape?.map((size, axis) => (axis < 2 ? size : 1)) ?? null)]
}

/** The sizes are given, or those of the smallest input that pools to X: stride·(in - 1) + extent - pads. */
const maxUnpool: ShapeRule = (call) => {
  const shape = call.shape(0)
  const kernel = call.ints('kernel_shape')
  if (call.has(2)) {
    const sizes = call.sizes(2)
    return [
      sizes === null ? ofRank(call.dtype(0), shape?.length ?? null) : tensor(call.dtype(0), sizes),
    ]
  }
  const spec = kernel === null ? null : windowSpec(call, kernel)
  if (shape === null || spec === null) return [ofRank(call.dtype(0), shape?.length ?? null)]
  const spatial = spec.axes.map((axis, index) => {
    const spread = multiply(subtract(shape[index + 2] ?? null, 1), axis.stride)
    return subtract(add(spread, extent(axis)), axis.padBegin + axis.padEnd)
  })
  return [tensor(call.dtype(0), [shape[0] ?? null, shape[1] ?? null, ...spatial])]
}

/** [regions, C, height, width]. */
const maxRoiPool: ShapeRule = (call) => {
  const [height = null, width = null] = call.ints('pooled_shape') ?? []
  return [tensor(call.dtype(0), [call.dim(1, 0), call.dim(0, 1), height, width])]
}

const roiAlign: ShapeRule = (call) => {
  const [height, width] = [call.int('output_height', 1), call.int('output_width', 1)]
  return [tensor(call.dtype(0), [call.dim(1, 0), call.dim(0, 1), height, width])]
}

export const POOLING_RULES: RuleTable = {
  AveragePool: poolRule(firstDtype),
  GlobalAveragePool: globalPool,
  GlobalLpPool: globalPool,
  GlobalMaxPool: globalPool,
  LpPool: poolRule(firstDtype),
  MaxPool: maxPool,
  MaxRoiPool: maxRoiPool,
  MaxUnpool: maxUnpool,
  RoiAlign: roiAlign,
}

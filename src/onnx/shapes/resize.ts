// Resize and Upsample.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import type { Size } from './expression.ts'
import { ofRank, tensor } from './fact.ts'
import type { MaybeSize } from './symbols.ts'
import { floorDivide, multiply } from './symbols.ts'

/** Inputs are (X, scales) in opset 10, (X, roi, scales, sizes) since 11; some of the axes only since 18. */
const resize: ShapeRule = (call) => {
  const shape = call.shape(0)
  const rank = shape?.length ?? null
  const [scalesAt, sizesAt] = call.opset < 11 ? [1, -1] : [2, 3]
  if (shape === null) return [ofRank(call.dtype(0), rank)]
  const axes = (call.ints('axes') ?? shape.map((_, axis) => axis)).map((given) => {
    return call.axis(given, shape.length)
  })
  const along = axes.map((axis) => (axis === null ? null : (shape[axis] ?? null)))
  const wanted = sizesAt > 0 && call.has(sizesAt) ? call.sizes(sizesAt) : null
  const results =
    wanted !== null && wanted.length > 0
      ? fitted(call, along, wanted)
      : scaled(call, along, call.has(scalesAt) ? call.numbers(scalesAt) : null)
  const sizes: MaybeSize[] = [...shape]
  for (const [at, axis] of axes.entries()) if (axis !== null) sizes[axis] = results[at] ?? null
  return [tensor(call.dtype(0), sizes)]
}

function scaled(
  call: Call,
  sizes: readonly MaybeSize[],
  scales: readonly number[] | null,
): MaybeSize[] {
  const cropped = call.string('coordinate_transformation_mode', '') === 'tf_crop_and_resize'
  return sizes.map((size, at) => {
    const scale = scales?.[at]
    return scale === undefined || cropped ? null : scaleSize(size, scale)
  })
}

/** ⌊size·scale⌋, where the runtime computes the product in float32. */
export function scaleSize(size: MaybeSize, scale: number): MaybeSize {
  if (typeof size === 'number') return Math.floor(Math.fround(size * Math.fround(scale)))
  // Exact for sizes below 2^24 / 64 when the scale is a fraction of few bits.
  for (let denominator = 1; denominator <= 64; denominator *= 2) {
    const numerator = scale * denominator
    if (Number.isInteger(numerator)) {
      return numerator <= 64 ? floorDivide(multiply(size, numerator), denominator) : null
    }
  }
  return null
}

/** keep_aspect_ratio_policy (opset 18): one scale for all axes, the smallest or the largest of sizes / input sizes. */
function fitted(
  call: Call,
  inputs: readonly MaybeSize[],
  wanted: readonly MaybeSize[],
): MaybeSize[] {
  const policy = call.string('keep_aspect_ratio_policy', 'stretch')
  if (policy === 'stretch') return [...wanted]
  const scales = inputs.map((size, at) => {
    const want = wanted[at]
    return typeof size === 'number' && typeof want === 'number' ? want / size : NaN
  })
  const scale = policy === 'not_larger' ? Math.min(...scales) : Math.max(...scales)
  if (!Number.isFinite(scale)) return inputs.map(() => null)
  return inputs.map((size) => {
    const exact = Math.round(Number(size) * scale)
    const rounded = Math.round(Math.fround(Number(size) * Math.fround(scale)))
    return exact === rounded ? exact : null
  })
}

/** Scales are an attribute before opset 9. */
const upsample: ShapeRule = (call) => {
  const shape: readonly Size[] | null = call.shape(0)
  const scales = call.opset < 9 ? call.floats('scales') : call.numbers(1)
  if (shape === null || scales === null) return [ofRank(call.dtype(0), shape?.length ?? null)]
  const sizes = shape.map((size, axis) => {
    const scale = scales[axis]
    return scale === undefined ? null : scaleSize(size, scale)
  })
  return [tensor(call.dtype(0), sizes)]
}

export const RESIZE_RULES: RuleTable = { Resize: resize, Upsample: upsample }

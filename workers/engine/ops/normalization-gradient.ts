// Gradients of normalisations. With x̂ = (x − mean)·r, r = 1 ÷ √(variance + ε), and h = dy·scale:
// dx = r · (h − mean(h) − x̂·mean(h·x̂)), means over what was normalised together.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientRecipe } from './gradient-call.ts'
import { axesBut, epsilonOf, inverseRoot, perChannel } from './normalization-parts.ts'
import { fromFront } from './pass-axes.ts'

export interface Normalized {
  readonly xHat: Value
  readonly r: Value
}

/** Recomputed from the input: centred first, since E[x²] − mean² loses digits. */
export function normalized(
  g: GradientBuilder,
  x: Value,
  axes: readonly number[],
  epsilon: number,
  like: Value,
): Normalized {
  const centred = g.sub(x, g.reduceMean(x, axes, true))
  const variance = g.reduceMean(g.mul(centred, centred), axes, true)
  const r = inverseRoot(g, variance, epsilon, like)
  return { xHat: g.mul(centred, r), r }
}

export function inputGradient(
  g: GradientBuilder,
  h: Value,
  { xHat, r }: Normalized,
  axes: readonly number[],
): Value {
  const along = g.mul(xHat, g.reduceMean(g.mul(h, xHat), axes, true))
  return g.mul(r, g.sub(g.sub(h, g.reduceMean(h, axes, true)), along))
}

export const layerNormalizationGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  const [x, scale] = [call.x(0), call.x(1)]
  const rank = call.rank(x)
  const first = fromFront(call.node.int('axis', -1), rank)
  const axes = [...Array(rank).keys()].filter((axis) => axis >= first)
  const state = normalized(g, x, axes, epsilonOf(call), x)
  const shape = call.shape(x)
  return [
    call.wants(0) ? inputGradient(g, g.mul(dy, scale), state, axes) : null,
    call.wants(1) ? g.unbroadcast(g.mul(dy, state.xHat), shape, scale) : null,
    call.wants(2) ? g.unbroadcast(dy, shape, call.x(2)) : null,
  ]
}

/** Without centring: x̂ = x·r, r = 1 ÷ √(mean(x²) + ε); dx = r · (h − x̂·mean(h·x̂)). */
export const rmsNormalizationGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  const [x, scale] = [call.x(0), call.x(1)]
  const rank = call.rank(x)
  const first = fromFront(call.node.int('axis', -1), rank)
  const axes = [...Array(rank).keys()].filter((axis) => axis >= first)
  const r = inverseRoot(g, g.reduceMean(g.mul(x, x), axes, true), epsilonOf(call), x)
  const xHat = g.mul(x, r)
  const dx = (): Value => {
    const h = g.mul(dy, scale)
    return g.mul(r, g.sub(h, g.mul(xHat, g.reduceMean(g.mul(h, xHat), axes, true))))
  }
  return [
    call.wants(0) ? dx() : null,
    call.wants(1) ? g.unbroadcast(g.mul(dy, xHat), call.shape(x), scale) : null,
  ]
}

export const instanceNormalizationGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  const [x, scale] = [call.x(0), call.x(1)]
  const rank = call.rank(x)
  const spatial = axesBut([0, 1], rank)
  const state = normalized(g, x, spatial, epsilonOf(call), x)
  const h = () => g.mul(dy, perChannel(g, scale, rank))
  const others = axesBut([1], rank)
  return [
    call.wants(0) ? inputGradient(g, h(), state, spatial) : null,
    call.wants(1) ? g.reduceSum(g.mul(dy, state.xHat), others, false) : null,
    call.wants(2) ? g.reduceSum(dy, others, false) : null,
  ]
}

/** Seen as [N, groups, −1]; scale and bias are one per channel (opset 21 and later). */
export const groupNormalizationGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  const [x, scale] = [call.x(0), call.x(1)]
  const rank = call.rank(x)
  const groups = call.node.int('num_groups', 1)
  const batch = g.op('Shape', [x], [intAttribute('end', 1)])
  const shape = g.op('Concat', [batch, g.ints([groups, -1])], [intAttribute('axis', 0)])
  const grouped = (value: Value) => g.op('Reshape', [value, shape])
  const state = normalized(g, grouped(x), [2], epsilonOf(call), x)
  const dx = () => {
    const h = grouped(g.mul(dy, perChannel(g, scale, rank)))
    return g.reshapeLike(inputGradient(g, h, state, [2]), x)
  }
  const others = axesBut([1], rank)
  const dScale = () => g.reduceSum(g.mul(dy, g.reshapeLike(state.xHat, x)), others, false)
  return [
    call.wants(0) ? dx() : null,
    call.wants(1) ? dScale() : null,
    call.wants(2) ? g.reduceSum(dy, others, false) : null,
  ]
}

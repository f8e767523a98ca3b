// Gradients of normalisations over the last axis of a sum: s = x + skip (+ bias), which is output 3 as well.

import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'
import { inputGradient, normalized } from './normalization-gradient.ts'
import { epsilonOf, inverseRoot } from './normalization-parts.ts'

/** What the runtime takes where nothing is said. */
const EPSILON = 1e-12

/** `bias`: its place among the inputs. */
function sumOf(g: GradientBuilder, call: GradientCall, bias: number): Value {
  const sum = g.add(call.x(0), call.x(1))
  return call.has(bias) ? g.add(sum, call.x(bias)) : sum
}

/** Of the sum, of which the normalisation tells `own`, to what was added. */
function shared(
  g: GradientBuilder,
  call: GradientCall,
  own: Value | null,
  bias: number,
): readonly [Value | null, Value | null, Value | null] {
  const direct = call.dy(3)
  if (call.dy(1) !== null || call.dy(2) !== null) refuse(call, 'its statistics are read')
  const total = own === null || direct === null ? (own ?? direct) : g.add(own, direct)
  if (total === null) return [null, null, null]
  const shape = call.shape(call.x(0))
  const to = (index: number) => {
    return call.has(index) && call.wants(index) ? g.unbroadcast(total, shape, call.x(index)) : null
  }
  return [call.wants(0) ? total : null, to(1), to(bias)]
}

export const skipLayerNormGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  const [BETA, BIAS] = [3, 4]
  if (dy === null) {
    const [dx, dSkip, dBias] = shared(g, call, null, BIAS)
    return [dx, dSkip, null, null, dBias]
  }
  const [x, scale] = [call.x(0), call.x(2)]
  const axes = [call.rank(x) - 1]
  const state = normalized(g, sumOf(g, call, BIAS), axes, epsilonOf(call, EPSILON), x)
  const own = inputGradient(g, g.mul(dy, scale), state, axes)
  const [dx, dSkip, dBias] = shared(g, call, own, BIAS)
  const shape = call.shape(x)
  return [
    dx,
    dSkip,
    call.wants(2) ? g.unbroadcast(g.mul(dy, state.xHat), shape, scale) : null,
    call.has(BETA) && call.wants(BETA) ? g.unbroadcast(dy, shape, call.x(BETA)) : null,
    dBias,
  ]
}

/** Without centring: dx = r · (h − x̂·mean(h·x̂)). */
export const skipRmsNormGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  const BIAS = 3
  if (dy === null) {
    const [dx, dSkip, dBias] = shared(g, call, null, BIAS)
    return [dx, dSkip, null, dBias]
  }
  const [x, scale] = [call.x(0), call.x(2)]
  const axes = [call.rank(x) - 1]
  const sum = sumOf(g, call, BIAS)
  const r = inverseRoot(g, g.reduceMean(g.mul(sum, sum), axes, true), epsilonOf(call, EPSILON), x)
  const xHat = g.mul(sum, r)
  const h = g.mul(dy, scale)
  const own = g.mul(r, g.sub(h, g.mul(xHat, g.reduceMean(g.mul(h, xHat), axes, true))))
  const [dx, dSkip, dBias] = shared(g, call, own, BIAS)
  const dScale = call.wants(2) ? g.unbroadcast(g.mul(dy, xHat), call.shape(x), scale) : null
  return [dx, dSkip, dScale, dBias]
}

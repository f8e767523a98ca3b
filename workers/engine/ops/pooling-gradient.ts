// Gradients of pooling.

import { intAttribute, intsAttribute, stringAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import { convInputGradient } from './conv-gradient.ts'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'
import type { Window } from './window.ts'
import { extent, padsOf, windowOf } from './window.ts'

function poolWindow(call: GradientCall): Window {
  const kernel = call.node.ints('kernel_shape') ?? refuse(call, 'kernel_shape is missing')
  return windowOf(call, kernel, call.shape(call.x(0)))
}

/** With `ceil_mode` the last window may reach past the padding: that reach, as padding at the end. */
function withReach(call: GradientCall, window: Window): Window {
  if (call.node.int('ceil_mode', 0) === 0) return window
  const input = call.shape(call.x(0))
  const output = call.shape(call.y(0))
  const end = window.end.map((pad, axis) => {
    const size = input?.[axis + 2]
    const count = output?.[axis + 2]
    if (typeof size !== 'number' || typeof count !== 'number') {
      return refuse(call, 'ceil_mode needs known sizes')
    }
    const covered = (count - 1) * (window.strides[axis] ?? 1) + extent(window, axis)
    return Math.max(pad, covered - size - (window.begin[axis] ?? 0))
  })
  return { ...window, end }
}

/** [N, C, …] as [N·C, 1, …]: every channel is pooled alone. */
function byPlane(g: GradientBuilder, value: Value): Value {
  const spatial = g.op('Shape', [value], [intAttribute('start', 2)])
  return g.op('Reshape', [
    value,
    g.op('Concat', [g.ints([-1, 1]), spatial], [intAttribute('axis', 0)]),
  ])
}

/** Elements that each window averages, as a plane [1, 1, …]: those of the input, and the padding where it counts. */
function windowCounts(g: GradientBuilder, call: GradientCall, window: Window, ones: Value): Value {
  const { node } = call
  const x = call.x(0)
  const spatial = g.op('Shape', [x], [intAttribute('start', 2)])
  const shape = g.op('Concat', [g.ints([1, 1]), spatial], [intAttribute('axis', 0)])
  const inside = g.op('Expand', [g.scalar(1, x), shape])
  const reach = withReach(call, window)
  const attributes = (pads: readonly number[]) => [
    intsAttribute('strides', window.strides),
    intsAttribute('dilations', window.dilations),
    intsAttribute('pads', pads),
  ]
  if (node.int('count_include_pad', 0) === 0) {
    return g.op('Conv', [inside, ones], attributes(padsOf(reach)))
  }
  const zeros = window.kernel.map(() => 0)
  const pads = [0, 0, ...window.begin, 0, 0, ...window.end]
  const padded = g.op('Pad', [inside, g.ints(pads), g.scalar(1, x)])
  const rest = reach.end.map((pad, axis) => pad - (window.end[axis] ?? 0))
  return g.op('Conv', [padded, ones], attributes([...zeros, ...rest]))
}

/** Each element of x gets the sum of `share` over the windows it is in: a transposed convolution with ones. */
function spread(g: GradientBuilder, call: GradientCall, window: Window, share: Value): Value {
  const x = call.x(0)
  const planes = byPlane(g, share)
  const dx = convInputGradient(g, planes, onesOf(g, window, x), x, withReach(call, window), 1)
  return g.reshapeLike(dx, x)
}

function onesOf(g: GradientBuilder, window: Window, like: Value): Value {
  const count = window.kernel.reduce((product, size) => product * size, 1)
  return g.tensor(
    [1, 1, ...window.kernel],
    Array.from({ length: count }, () => 1),
    like,
  )
}

/** Each window hands dy ÷ count to its elements. */
export const averagePoolGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const window = poolWindow(call)
  const counts = windowCounts(g, call, window, onesOf(g, window, call.x(0)))
  return [spread(g, call, window, g.div(dy, counts))]
}

/** y = (Σ |x|ᵖ)^(1/p) over each window: sign(x)·|x|ᵖ⁻¹ times the sum of dy·y^(1−p) over the windows. */
export const lpPoolGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const x = call.x(0)
  const p = call.node.int('p', 2)
  const share = g.mul(dy, g.op('Pow', [call.y(0), g.scalar(1 - p, x)]))
  const slope = g.op('Pow', [g.op('Abs', [x]), g.scalar(p - 1, x)])
  return [g.mul(g.mul(g.op('Sign', [x]), slope), spread(g, call, poolWindow(call), share))]
}

/** The second output says where each maximum was (the first of equal ones), as a position in the whole tensor. */
export const maxPoolGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  if (call.node.int('storage_order', 0) !== 0) refuse(call, 'storage_order is column major')
  const x = call.x(0)
  const flat = g.ints([-1])
  const size = g.op('Reshape', [g.op('Size', [x]), flat])
  const zeros = g.op('Expand', [g.scalar(0, x), size])
  const positions = g.op('Reshape', [call.y(1), flat])
  const updates = g.op('Reshape', [dy, flat])
  const scattered = g.op(
    'ScatterElements',
    [zeros, positions, updates],
    [intAttribute('axis', 0), stringAttribute('reduction', 'add')],
  )
  return [g.reshapeLike(scattered, x)]
}

/** dy ÷ (elements of a plane), everywhere in the plane. */
export const globalAveragePoolGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const x = call.x(0)
  return [g.expandLike(g.mul(dy, g.sizeRatio(call.y(0), x)), x)]
}

/** Equal maxima share dy evenly. */
export const globalMaxPoolGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const x = call.x(0)
  const winners = g.castLike(g.op('Equal', [x, call.y(0)]), x)
  const axes = Array.from({ length: call.rank(x) - 2 }, (_, axis) => axis + 2)
  return [g.mul(winners, g.div(dy, g.reduceSum(winners, axes, true)))]
}

/** y = (Σ |x|ᵖ)^(1/p): dy · sign(x) · (|x| ÷ y)ᵖ⁻¹. */
export const globalLpPoolGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const x = call.x(0)
  const p = call.node.int('p', 2)
  const ratio = g.div(g.op('Abs', [x]), call.y(0))
  const slope = g.op('Pow', [ratio, g.scalar(p - 1, x)])
  return [g.mul(g.mul(dy, g.op('Sign', [x])), slope)]
}

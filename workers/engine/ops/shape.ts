// Operators that change the shape and keep the elements, and those that tell it.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { AxesRule, AxisLabels } from './axis-context.ts'
import type { GradientRecipe } from './gradient-call.ts'
import type { OpRule, OpTable } from './op.ts'
import { sameRule } from './op.ts'
import { inputShape, outputShape } from './pass-axes.ts'
import { reshapeAxes } from './reshape-axes.ts'

const reshapeBack: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  return dy === null || !call.wants(0) ? [] : [g.reshapeLike(dy, call.x(0))]
}

const transposeBack: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const perm = call.node.ints('perm')
  if (perm === null) return [g.op('Transpose', [dy])]
  const inverse = perm.map((_, axis) => perm.indexOf(axis))
  return [g.transpose(dy, inverse)]
}

const sumOfCopies: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  return [g.unbroadcast(dy, call.shape(call.y(0)), call.x(0))]
}

/** Seen as [r₀, d₀, r₁, d₁, …], the copies are summed over the r. */
const sumOfTiles: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const x = call.x(0)
  const columns = [call.x(1), g.shapeOf(x)].map((list) => g.unsqueeze(list, [1]))
  const pairs = g.op('Concat', columns, [intAttribute('axis', 1)])
  const apart = g.op('Reshape', [dy, g.op('Reshape', [pairs, g.ints([-1])])])
  const copies = Array.from({ length: call.rank(x) }, (_, axis) => 2 * axis)
  return [g.reshapeLike(g.reduceSum(apart, copies, false), x)]
}

const reshapeWithShape: AxesRule = (context) => {
  reshapeAxes(context)
  context.rewrite({ kind: 'shape', input: 1 })
}

const transposeAxes: AxesRule = (context) => {
  const rank = inputShape(context, 0).length
  const reversed = Array.from({ length: rank }, (_, axis) => rank - 1 - axis)
  const perm = context.node.ints('perm') ?? reversed
  for (const [axis, from] of perm.entries()) context.output(0, axis, context.input(0, from))
}

/** An axis that copies fill has indices of its own; an axis that keeps its size passes. */
const expandAxes: AxesRule = (context) => {
  const input = inputShape(context, 0)
  const output = outputShape(context, 0)
  const missing = output.length - input.length
  for (const [axis, size] of output.entries()) {
    const from = axis - missing
    const isKept = from >= 0 && input[from] === size
    context.output(0, axis, isKept ? context.input(0, from) : context.fresh(size))
  }
  context.rewrite({ kind: 'shape', input: 1 })
}

/** Copies of a single index have indices of their own, when how many there are is constant; other axes are repeated as they are. */
const tileAxes: AxesRule = (context) => {
  const output = outputShape(context, 0)
  const operand = context.node.input(1)
  const isConstant = operand !== null && context.constant(operand) !== null
  const parts: AxisLabels[] = []
  for (const [axis, size] of inputShape(context, 0).entries()) {
    const labels = context.input(0, axis)
    const copies = (output[axis] ?? size) / size
    const isFresh = size === 1 && copies > 1 && isConstant
    const counted = isFresh ? context.fresh(copies) : context.frozen(copies, 'copies')
    parts.push(counted)
    if (size === 1) context.output(0, axis, counted)
    else context.output(0, axis, context.concat(Array.from({ length: copies }, () => labels)))
  }
  if (isConstant) context.rewrite({ kind: 'sizes', input: 1, parts })
}

/** Shape arithmetic goes on with the sizes as they were, whatever it feeds. */
const restoreSizes: AxesRule = (context) => {
  for (const axis of inputShape(context, 0).keys()) context.input(0, axis)
  context.rewrite({ kind: 'restore' })
}

function carrying(axes: AxesRule, gradient: GradientRecipe): OpRule {
  return { macs: 'none', axes, gradient, quantization: 'carries', affine: 'none' }
}

export const SHAPE_OPS: OpTable = {
  Expand: carrying(expandAxes, sumOfCopies),
  Reshape: carrying(reshapeWithShape, reshapeBack),
  Tile: carrying(tileAxes, sumOfTiles),
  Transpose: carrying(transposeAxes, transposeBack),
  ...sameRule(['Flatten', 'Squeeze', 'Unsqueeze'], carrying(reshapeAxes, reshapeBack)),
  ...sameRule(['Shape', 'Size'], {
    macs: 'none',
    axes: restoreSizes,
    gradient: 'zero',
    quantization: 'float',
    affine: 'none',
  }),
}

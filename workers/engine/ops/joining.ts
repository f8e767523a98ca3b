// Operators that put tensors together along an axis and take them apart: Concat, Split, Pad.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import { intValues } from '#src/onnx/tensor-values'
import type { AxesRule, AxisContext, AxisLabels } from './axis-context.ts'
import type { GradientRecipe } from './gradient-call.ts'
import { backToPositions } from './indexing-gradient.ts'
import { integerKernel } from './integer-kernel.ts'
import type { OpTable } from './op.ts'
import { OPAQUE, sameRule } from './op.ts'
import { fromFront, inputShape, outputShape, passAxis } from './pass-axes.ts'

const CONCAT_KERNEL = integerKernel({ kernels: ['QLinearConcat'], activations: 'all' })

const concatGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  const axis = call.node.int('axis', 0)
  const operands = call.node.inputs.filter((input) => input !== null)
  const rank = call.rank(call.y(0))
  const start = fromFront(axis, rank)
  const known = operands.map((operand) => call.shape(operand)?.[start])
  const sizeOf = (operand: Value) =>
    g.op('Shape', [operand], [intAttribute('start', start), intAttribute('end', start + 1)])
  const sizes = known.every((size) => typeof size === 'number')
    ? g.ints(known)
    : g.op('Concat', operands.map(sizeOf), [intAttribute('axis', 0)])
  return g.ops('Split', [dy, sizes], operands.length, [intAttribute('axis', start)])
}

/** Parts that nothing reads have gradient 0. */
const splitGradient: GradientRecipe = (g, call) => {
  const parts = call.node.outputs.map((_, index) => call.dy(index) ?? g.zerosLike(call.y(index)))
  return [g.op('Concat', parts, [intAttribute('axis', call.node.int('axis', 0))])]
}

/** Constant padding is taken off again by negative pads; the other modes repeat elements, whose gradients add up. */
const padGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  if (call.node.string('mode', 'constant') !== 'constant') return backToPositions(g, call)
  const operands: (Value | null)[] = [dy, g.neg(call.x(1))]
  if (call.has(3)) operands.push(null, call.x(3))
  return [g.op('Pad', operands)]
}

const concatAxes: AxesRule = (context) => {
  const { node } = context
  const rank = outputShape(context, 0).length
  const joined = fromFront(node.int('axis', 0), rank)
  const operands = [...node.inputs.keys()]
  for (let axis = 0; axis < rank; axis += 1) {
    const labels = operands.map((index) => context.input(index, axis))
    const [first] = labels
    if (first === undefined) continue
    if (axis === joined) {
      context.output(0, axis, context.concat(labels))
      continue
    }
    for (const other of labels.slice(1)) context.tie(first, other)
    context.output(0, axis, first)
  }
}

/** Sizes are always written out: the default of equal parts breaks as soon as one part loses more than another. */
const splitAxes: AxesRule = (context) => {
  const rank = inputShape(context, 0).length
  const split = fromFront(context.node.int('axis', 0), rank)
  const parts: AxisLabels[] = []
  let start = 0
  for (const [index] of context.node.outputs.entries()) {
    const size = outputShape(context, index)[split] ?? 0
    const from = start
    const positions = Array.from({ length: size }, (_, offset) => from + offset)
    const part = context.pick(context.input(0, split), positions)
    context.output(index, split, part)
    parts.push(part)
    start += size
  }
  for (let axis = 0; axis < rank; axis += 1) if (axis !== split) passAxis(context, axis)
  context.rewrite({ kind: 'sizes', input: 1, parts })
}

/** How far each axis is padded at either end; `unknown` when that is computed. */
function padsByAxis(context: AxisContext, rank: number): Map<number, [number, number]> | 'unknown' {
  const { node } = context
  const constant = (index: number) => {
    const operand = node.input(index)
    return operand === null ? null : context.constant(operand)
  }
  const operand = constant(1)
  const pads = node.ints('pads') ?? (operand === null ? null : intValues(operand))
  if (pads === null) return 'unknown'
  const listed = constant(3)
  if (listed === null && node.input(3) !== null) return 'unknown'
  const axes = listed === null ? [...Array(rank).keys()] : intValues(listed)
  return new Map(
    axes.map((axis, index) => [
      fromFront(axis, rank),
      [pads[index] ?? 0, pads[index + axes.length] ?? 0],
    ]),
  )
}

/** Padding with a constant adds indices of its own. */
const padAxes: AxesRule = (context) => {
  const shape = inputShape(context, 0)
  const pads = padsByAxis(context, shape.length)
  const isConstant = context.node.string('mode', 'constant') === 'constant'
  for (const axis of shape.keys()) {
    const labels = context.input(0, axis)
    const [before, after] = pads === 'unknown' ? [-1, -1] : (pads.get(axis) ?? [0, 0])
    if (before === 0 && after === 0) {
      context.output(0, axis, labels)
    } else if (!isConstant || before < 0 || after < 0) {
      context.freeze(labels, 'padded or cut')
    } else {
      const [head, tail] = [context.fresh(before), context.fresh(after)]
      context.output(0, axis, context.concat([head, labels, tail]))
      context.rewrite({ kind: 'pads', axis, before: head, after: tail })
    }
  }
}

export const JOINING_OPS: OpTable = {
  Concat: {
    macs: 'none',
    axes: concatAxes,
    gradient: concatGradient,
    quantization: CONCAT_KERNEL,
    affine: 'none',
  },
  Pad: {
    macs: 'none',
    axes: padAxes,
    gradient: padGradient,
    quantization: 'float',
    affine: 'none',
  },
  Split: {
    macs: 'none',
    axes: splitAxes,
    gradient: splitGradient,
    quantization: 'carries',
    affine: 'none',
  },
  ...sameRule(['CenterCropPad', 'Col2Im'], OPAQUE),
}

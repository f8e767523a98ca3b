// Operators that pick, place, sort or count elements.

import { intAttribute } from '#src/onnx/ir/attribute'
import { intValues } from '#src/onnx/tensor-values'
import type { AxesRule, AxisContext } from './axis-context.ts'
import type { GradientRecipe } from './gradient-call.ts'
import {
  backToPositions,
  gatherElementsGradient,
  gatherGradient,
  gatherNdGradient,
  scatterElementsGradient,
  scatterNdGradient,
  sliceGradient,
  topKGradient,
} from './indexing-gradient.ts'
import type { OpRule, OpTable } from './op.ts'
import { OPAQUE, sameRule } from './op.ts'
import { fromFront, inputShape, keepAxisWhole, passAxesExcept } from './pass-axes.ts'
import { sliceBounds, slicedPositions } from './slice-bounds.ts'

const sliceAxes: AxesRule = (context) => {
  const shape = inputShape(context, 0)
  const bounds = sliceBounds(context.node, context, shape.length)
  for (const [axis, size] of shape.entries()) {
    const labels = context.input(0, axis)
    if (bounds === 'unknown') {
      context.freeze(labels, 'the bounds of Slice are computed')
      continue
    }
    const bound = bounds.find((one) => one.axis === axis)
    if (bound === undefined) {
      context.output(0, axis, labels)
      continue
    }
    const picks = slicedPositions(bound, size)
    const rest = context.pick(labels, picks)
    if (picks.length === 1) context.freeze(rest, 'one index of it is taken out')
    context.output(0, axis, rest)
    context.rewrite({ kind: 'bounds', axis, picks })
  }
}

/** A constant list of indices picks labels; any other index needs the axis whole. */
const gatherAxes: AxesRule = (context) => {
  const shape = inputShape(context, 0)
  const rank = shape.length
  const axis = fromFront(context.node.int('axis', 0), rank)
  const indexShape = inputShape(context, 1)
  const operand = context.node.input(1)
  const constant = operand === null ? null : context.constant(operand)
  const indexed = context.input(0, axis)
  for (let own = 0; own < rank; own += 1) {
    if (own === axis) continue
    const place = own < axis ? own : own - 1 + indexShape.length
    context.output(0, place, context.input(0, own))
  }
  if (constant !== null && indexShape.length === 1) {
    const size = shape[axis] ?? 0
    const positions = intValues(constant).map((index) => fromFront(index, size))
    context.output(0, axis, context.pick(indexed, positions))
    context.rewrite({ kind: 'indices', input: 1, axis: indexed })
    return
  }
  context.freeze(indexed, 'indexed by computed or several indices')
  for (const own of indexShape.keys()) context.output(0, axis + own, context.input(1, own))
}

const keepAxis =
  (fallback: number, reason: string): AxesRule =>
  (context) =>
    keepAxisWhole(context, 'only', context.node.int('axis', fallback), reason)

/** All axes but the last two pass. */
const triluAxes: AxesRule = (context) => keepAxisWhole(context, 'from', -2, 'a triangle of it')

function cumulativeAxes(context: AxisContext): void {
  const operand = context.node.input(1)
  const constant = operand === null ? null : context.constant(operand)
  const rank = inputShape(context, 0).length
  if (constant !== null) {
    return keepAxisWhole(context, 'only', intValues(constant)[0] ?? 0, 'accumulated over')
  }
  for (let axis = 0; axis < rank; axis += 1) context.freeze(context.input(0, axis), 'computed axis')
}

const reverseSequenceAxes: AxesRule = (context) => {
  const whole = [context.node.int('time_axis', 0), context.node.int('batch_axis', 1)]
  passAxesExcept(context, whole, 'reversed along')
}

const trilu: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const { node } = call
  const operands = call.has(1) ? [dy, call.x(1)] : [dy]
  return [g.op('Trilu', operands, [intAttribute('upper', node.int('upper', 1))])]
}

/** The sum runs the other way. */
const cumSum: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const { node } = call
  const attributes = [
    intAttribute('exclusive', node.int('exclusive', 0)),
    intAttribute('reverse', 1 - node.int('reverse', 0)),
  ]
  return [g.op('CumSum', [dy, call.x(1)], attributes)]
}

function moving(axes: AxesRule, gradient: OpRule['gradient'], isCarried = false): OpRule {
  return {
    macs: 'none',
    axes,
    gradient,
    quantization: isCarried ? 'carries' : 'float',
    affine: 'none',
  }
}

export const INDEXING_OPS: OpTable = {
  Compress: moving('opaque', backToPositions),
  CumSum: moving(cumulativeAxes, cumSum),
  Gather: moving(gatherAxes, gatherGradient, true),
  GatherElements: moving('opaque', gatherElementsGradient, true),
  GatherND: moving('opaque', gatherNdGradient),
  ReverseSequence: moving(reverseSequenceAxes, backToPositions),
  ScatterElements: moving('opaque', scatterElementsGradient),
  ScatterND: moving('opaque', scatterNdGradient),
  Slice: moving(sliceAxes, sliceGradient, true),
  TopK: moving(keepAxis(-1, 'sorted along'), topKGradient),
  Trilu: moving(triluAxes, trilu),
  ...sameRule(['CumProd', 'OneHot', 'Scatter', 'TensorScatter', 'Unique'], OPAQUE),
  NonMaxSuppression: { ...OPAQUE, gradient: 'zero' },
  NonZero: { ...OPAQUE, gradient: 'zero' },
}

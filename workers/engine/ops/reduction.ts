// Reductions: the reduced axes stay whole, the others pass through.

import type { Value } from '#src/onnx/ir/value'
import { intValues } from '#src/onnx/tensor-values'
import type { AxesRule, AxisContext, AxisLabels } from './axis-context.ts'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { isNormStatistic } from './norm-statistic.ts'
import { sameRule } from './op.ts'
import type { OpRule, OpTable } from './op.ts'
import { fromFront, inputShape } from './pass-axes.ts'

interface Operands {
  readonly x: Value
  readonly call: GradientCall
  /** y and dy with the reduced axes as size 1, so that they broadcast to x. */
  readonly y: () => Value
  readonly dy: Value
}

/** The reduced axes as a tensor: an input or an attribute, by opset; `none` where nothing is reduced. */
function axesOf(g: GradientBuilder, call: GradientCall): Value | 'none' {
  const listed = call.node.ints('axes')
  if (listed !== null) return g.ints(listed)
  if (call.has(1)) return call.x(1)
  if (call.node.int('noop_with_empty_axes', 0) === 1) return 'none'
  return g.ints(Array.from({ length: call.rank(call.x(0)) }, (_, axis) => axis))
}

function reduction(derivative: (g: GradientBuilder, operands: Operands) => Value): GradientRecipe {
  return (g, call) => {
    const dy = call.dy(0)
    if (dy === null || !call.wants(0)) return []
    const axes = axesOf(g, call)
    const isKept = call.node.int('keepdims', 1) === 1 || axes === 'none'
    const kept = (value: Value) => (isKept ? value : g.op('Unsqueeze', [value, axes]))
    const operands = { x: call.x(0), call, y: () => kept(call.y(0)), dy: kept(dy) }
    return [derivative(g, operands)]
  }
}

/** Elements that equal the result share dy evenly. */
const extremum = reduction((g, { x, y, dy, call }) => {
  const winners = g.castLike(g.op('Equal', [x, y()]), x)
  const axes = axesOf(g, call)
  const count = axes === 'none' ? winners : g.op('ReduceSum', [winners, axes])
  return g.mul(winners, g.div(dy, count))
})

const mean = reduction((g, { x, dy, call }) =>
  g.expandLike(g.mul(dy, g.sizeRatio(call.y(0), x)), x),
)

const sum = reduction((g, { x, dy }) => g.expandLike(dy, x))

/** y = ln Σ x: dy ÷ Σ x. */
const logSum = reduction((g, { x, y, dy }) => g.expandLike(g.div(dy, g.op('Exp', [y()])), x))

const logSumExp = reduction((g, { x, y, dy }) => g.mul(dy, g.op('Exp', [g.sub(x, y())])))

/** Holds where no factor is 0. */
const productOf = reduction((g, { x, y, dy }) => g.div(g.mul(dy, y()), x))

function reducedAxes(context: Parameters<Exclude<AxesRule, string>>[0]): number[] | 'unknown' {
  const { node } = context
  const rank = inputShape(context, 0).length
  const listed = node.ints('axes') ?? (node.attributes.has('axis') ? [node.int('axis', 0)] : null)
  if (listed !== null) return listed.map((axis) => fromFront(axis, rank))
  const isIndexOf = node.is('ArgMax', 'ArgMin')
  if (isIndexOf) return [0]
  const operand = node.input(1)
  if (operand !== null) {
    const constant = context.constant(operand)
    return constant === null ? 'unknown' : intValues(constant).map((axis) => fromFront(axis, rank))
  }
  if (node.int('noop_with_empty_axes', 0) === 1) return []
  return Array.from({ length: rank }, (_, axis) => axis)
}

/** What the operator makes of the axes that it reduces. */
type Reduced = 'whole' | 'summed' | 'statistic'

const axesThat =
  (kind: Reduced): AxesRule =>
  (context) => {
    const reduced = reducedAxes(context)
    const isKept = context.node.int('keepdims', 1) === 1
    let output = 0
    for (const axis of inputShape(context, 0).keys()) {
      const labels = context.input(0, axis)
      const isReduced = reduced === 'unknown' || reduced.includes(axis)
      if (isReduced) keepReduced(context, labels, reduced === 'unknown' ? 'whole' : kind)
      else context.output(0, output, labels)
      if (!isReduced || isKept) output += 1
    }
  }

/** A sum is a contraction: what is masked adds nothing. A mean is taken of what is left, where it belongs to a normalisation. */
function keepReduced(context: AxisContext, labels: AxisLabels, kind: Reduced): void {
  if (kind === 'summed' || labels.size === 1) return
  if (kind === 'statistic' && isNormStatistic(context.node)) context.normalized(labels)
  else context.freeze(labels, 'reduced over')
}

function reduce(
  gradient: OpRule['gradient'],
  quantization: 'carries' | 'float' = 'float',
  reduced: Reduced = 'whole',
): OpRule {
  return { macs: 'none', axes: axesThat(reduced), gradient, quantization, affine: 'none' }
}

export const REDUCTION_OPS: OpTable = {
  ReduceL1: reduce(
    reduction((g, { x, dy }) => g.mul(dy, g.op('Sign', [x]))),
    'float',
    'summed',
  ),
  ReduceL2: reduce(
    reduction((g, { x, y, dy }) => g.mul(g.div(dy, y()), x)),
    'float',
    'summed',
  ),
  ReduceLogSum: reduce(logSum),
  ReduceLogSumExp: reduce(logSumExp),
  ReduceMax: reduce(extremum, 'carries'),
  ReduceMean: reduce(mean, 'float', 'statistic'),
  ReduceMin: reduce(extremum, 'carries'),
  ReduceProd: reduce(productOf),
  ReduceSum: reduce(sum, 'float', 'summed'),
  ReduceSumSquare: reduce(
    reduction((g, { x, dy }) => g.mul(dy, g.affine(x, 2, 0, x))),
    'float',
    'summed',
  ),
  ...sameRule(['ArgMax', 'ArgMin'], reduce('zero')),
}

// Normalisations.

import type { AxesRule, AxisContext } from './axis-context.ts'
import type { GradientRecipe } from './gradient-call.ts'
import { batchNormalizationGradient } from './batch-normalization-gradient.ts'
import { lpNormalizationGradient, lrnGradient, meanVarianceGradient } from './norm-gradient.ts'
import {
  groupNormalizationGradient,
  instanceNormalizationGradient,
  layerNormalizationGradient,
  rmsNormalizationGradient,
} from './normalization-gradient.ts'
import type { AffineRule, OpRule, OpTable } from './op.ts'
import { fromFront, inputShape, passAxesExcept, passAxis } from './pass-axes.ts'

/** Vectors of one entry per channel, and their second and third kin among the outputs. */
function tieVectors(context: AxisContext, first: number, channels: number): void {
  const labels = context.input(0, channels)
  for (const index of context.node.inputs.keys()) {
    if (index < first || inputShape(context, index).length !== 1) continue
    context.tie(labels, context.input(index, 0))
  }
}

const batchAxes: AxesRule = (context) => {
  for (const axis of inputShape(context, 0).keys()) {
    context.output(0, axis, context.input(0, axis))
  }
  tieVectors(context, 1, 1)
  for (const [index, output] of context.node.outputs.entries()) {
    if (index > 0 && output !== null) context.output(index, 0, context.input(0, 1))
  }
}

/** With groups of channels folded into the plane it stands for a GroupNormalization. */
const instanceAxes: AxesRule = (context) => {
  for (const axis of inputShape(context, 0).keys()) {
    if (axis > 1) context.normalized(context.input(0, axis))
    passAxis(context, axis)
  }
  tieVectors(context, 1, 1)
}

/** Scale and bias are aligned with the normalised axes from the right; means and deviations come as further outputs. */
const layerAxes: AxesRule = (context) => {
  const rank = inputShape(context, 0).length
  const first = fromFront(context.node.int('axis', -1), rank)
  for (let axis = 0; axis < rank; axis += 1) {
    if (axis < first) passAxis(context, axis)
    else {
      context.normalized(context.input(0, axis))
      context.output(0, axis, context.input(0, axis))
    }
  }
  for (const index of context.node.inputs.keys()) {
    const own = inputShape(context, index)
    if (index === 0) continue
    for (const [axis, size] of own.entries()) {
      if (size === 1) continue
      context.tie(context.input(index, axis), context.input(0, rank - own.length + axis))
    }
  }
}

/** Whole groups may go; scale and bias are one per channel since opset 21 and one per group before. */
const groupAxes: AxesRule = (context) => {
  const channels = context.input(0, 1)
  const groups = context.node.int('num_groups', 1)
  const [kept, within] = context.split(channels, [groups, channels.size / groups])
  for (const axis of inputShape(context, 0).keys()) {
    if (axis > 1) context.normalized(context.input(0, axis))
    passAxis(context, axis)
  }
  if (kept === undefined || within === undefined) return
  context.normalized(within)
  context.rewrite({ kind: 'count', attribute: 'num_groups', axis: kept })
  for (const index of [1, 2]) {
    const isPerGroup = inputShape(context, index)[0] === groups && groups !== channels.size
    context.tie(isPerGroup ? kept : channels, context.input(index, 0))
  }
}

/** A norm is a sum over the axis: what is masked adds nothing to it. */
const lpAxes: AxesRule = (context) => {
  for (const axis of inputShape(context, 0).keys()) passAxis(context, axis)
}

const lrnAxes: AxesRule = (context) => passAxesExcept(context, [1], 'normalised over')

const meanVarianceAxes: AxesRule = (context) => {
  const rank = inputShape(context, 0).length
  const axes = context.node.ints('axes') ?? [0, 2, 3]
  const whole = axes.map((axis) => fromFront(axis, rank))
  for (let axis = 0; axis < rank; axis += 1) {
    if (whole.includes(axis)) context.normalized(context.input(0, axis))
    passAxis(context, axis)
  }
}

function normalization(
  axes: AxesRule,
  gradient: GradientRecipe,
  affine: AffineRule = 'none',
): OpRule {
  return { macs: 'none', axes, gradient, quantization: 'float', affine }
}

export const NORMALIZATION_OPS: OpTable = {
  BatchNormalization: normalization(batchAxes, batchNormalizationGradient),
  GroupNormalization: normalization(groupAxes, groupNormalizationGradient),
  InstanceNormalization: normalization(instanceAxes, instanceNormalizationGradient),
  LRN: normalization(lrnAxes, lrnGradient),
  LayerNormalization: normalization(layerAxes, layerNormalizationGradient, [1, 2]),
  LpNormalization: normalization(lpAxes, lpNormalizationGradient),
  MeanVarianceNormalization: normalization(meanVarianceAxes, meanVarianceGradient),
  RMSNormalization: normalization(layerAxes, rmsNormalizationGradient, [1]),
  SimplifiedLayerNormalization: normalization(layerAxes, rmsNormalizationGradient, [1]),
}

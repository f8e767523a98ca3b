// Recurrent layers: LSTM, GRU, RNN.

import { recurrentMacs } from '#src/onnx/macs/recurrent'
import type { AxesRule, AxisLabels } from './axis-context.ts'
import type { GradientRule } from './gradient-call.ts'
import type { OpRule, OpTable } from './op.ts'
import { inputShape, outputShape } from './pass-axes.ts'
import { recurrentGradient } from './recurrent-gradient.ts'
import { gruDirection, lstmDirection, rnnDirection } from './recurrent-rules.ts'

function copies(labels: AxisLabels, count: number): AxisLabels[] {
  return Array.from({ length: count }, () => labels)
}

/**
 * The hidden axis is the last of R; the gates of W, R, B and P repeat it. Both directions lose the same indices. With layout
 * 1 the batch comes first.
 */
function recurrentAxes(gates: number): AxesRule {
  return (context) => {
    const hidden = context.input(2, 2)
    const batchAxis = context.node.int('layout', 0) === 1 ? 0 : 1
    for (const weight of [1, 2]) {
      context.freeze(context.input(weight, 0), 'directions')
      context.tie(context.input(weight, 1), context.concat(copies(hidden, gates)))
    }
    context.tie(context.input(0, 2), context.input(1, 2))
    const repeated: readonly (readonly [number, number])[] = [
      [3, 2 * gates],
      [7, 3],
    ]
    for (const [index, count] of repeated) {
      if (inputShape(context, index).length === 0) continue
      context.freeze(context.input(index, 0), 'directions')
      context.tie(context.input(index, 1), context.concat(copies(hidden, count)))
    }
    const batch = context.input(0, batchAxis)
    for (const state of [5, 6]) {
      if (inputShape(context, state).length === 0) continue
      context.tie(context.input(state, 2), hidden)
      context.tie(context.input(state, batchAxis), batch)
      context.freeze(context.input(state, 1 - batchAxis), 'directions')
    }
    if (outputShape(context, 0).length > 0) {
      context.output(0, 3, hidden)
      context.output(0, batchAxis === 0 ? 0 : 2, batch)
      context.output(0, 1 - batchAxis, context.input(0, 1 - batchAxis))
    }
    for (const state of [1, 2]) {
      if (outputShape(context, state).length === 0) continue
      context.output(state, 2, hidden)
      context.output(state, batchAxis, batch)
    }
    context.rewrite({ kind: 'count', attribute: 'hidden_size', axis: hidden })
  }
}

function recurrent(gates: number, gradient: GradientRule): OpRule {
  return {
    macs: recurrentMacs,
    axes: recurrentAxes(gates),
    gradient,
    quantization: 'float',
    affine: 'none',
  }
}

export const RECURRENT_OPS: OpTable = {
  GRU: recurrent(3, recurrentGradient(2, gruDirection)),
  LSTM: recurrent(4, recurrentGradient(3, lstmDirection)),
  RNN: recurrent(1, recurrentGradient(1, rnnDirection)),
}

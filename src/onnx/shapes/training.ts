// Losses, and the optimizers of ai.onnx.preview.training.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import type { TensorFact } from './fact.ts'
import { tensor } from './fact.ts'

/** Scores [N, C, d...] against labels [N, d...]: one loss, or one per label. */
function lossOf(call: Call): TensorFact {
  if (call.string('reduction', 'mean') !== 'none') return tensor(call.dtype(0), [])
  const labels = call.shape(1)
  const scores = call.shape(0)
  const fromScores = scores === null ? null : [...scores.slice(0, 1), ...scores.slice(2)]
  return tensor(call.dtype(0), labels ?? fromScores)
}

const negativeLogLikelihood: ShapeRule = (call) => [lossOf(call)]

const softmaxCrossEntropy: ShapeRule = (call) => [
  lossOf(call),
  tensor(call.dtype(0), call.shape(0)),
]

export const LOSS_RULES: RuleTable = {
  NegativeLogLikelihoodLoss: negativeLogLikelihood,
  SoftmaxCrossEntropyLoss: softmaxCrossEntropy,
}

/**
 * Inputs: rate, step, then tensors, gradients and `states` lists of states, of one length each.
 * Outputs: the new tensors, then the new states.
 */
function optimizer(states: number): ShapeRule {
  return (call) => {
    const count = (call.inputCount - 2) / (2 + states)
    const source = (index: number) => (index < count ? 2 + index : 2 + index + count)
    return call.node.outputs.map((_, index) => {
      const at = source(index)
      return tensor(call.dtype(at), call.shape(at))
    })
  }
}

/** The gradient of each of `xs`, in its own shape. The inputs are the names in `xs`, then those in `zs`. */
const gradient: ShapeRule = (call) =>
  call.node.outputs.map((_, index) => tensor(call.dtype(index), call.shape(index)))

export const PREVIEW_TRAINING_RULES: RuleTable = {
  Adagrad: optimizer(1),
  Adam: optimizer(2),
  Gradient: gradient,
  Momentum: optimizer(1),
}

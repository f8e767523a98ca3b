// Losses.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'
import type { OpTable } from './op.ts'
import { OPAQUE } from './op.ts'

interface Targets {
  /** 1 at the label of each element along axis 1, else 0; [N, C, …]. */
  readonly oneHot: Value
  /** What one element's loss counts for in the result, times dy; [N, 1, …]. */
  readonly share: Value
}

/** Elements labelled `ignore_index` count for nothing; the mean is over the weights of the others. */
function targetsOf(g: GradientBuilder, call: GradientCall, dy: Value): Targets {
  const { node } = call
  const [scores, labels] = [call.x(0), call.x(1)]
  const ignored = node.attributes.get('ignore_index')
  let safe = labels
  let weights: Value = g.op('Expand', [g.scalar(1, scores), g.shapeOf(labels)])
  if (ignored?.type === 'int') {
    const isIgnored = g.op('Equal', [labels, g.scalar(Number(ignored.value), labels)])
    safe = g.op('Where', [isIgnored, g.scalar(0, labels), labels])
    weights = g.castLike(g.op('Not', [isIgnored]), scores)
  }
  if (call.has(2)) weights = g.mul(weights, g.op('Gather', [call.x(2), safe]))
  const reduction = node.string('reduction', 'mean')
  const counted = g.mul(dy, weights)
  const share =
    reduction === 'mean'
      ? g.div(counted, g.op('ReduceSum', [weights], [intAttribute('keepdims', 0)]))
      : counted
  const depth = g.op('Shape', [scores], [intAttribute('start', 1), intAttribute('end', 2)])
  const oneHot = g.op(
    'OneHot',
    [safe, depth, g.tensor([2], [0, 1], scores)],
    [intAttribute('axis', 1)],
  )
  return { oneHot, share: g.unsqueeze(share, [1]) }
}

/** (softmax(scores) − one-hot) · share. */
const softmaxCrossEntropy: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (call.node.output(1) !== null && call.dy(1) !== null) refuse(call, 'log_prob is used')
  if (dy === null || !call.wants(0)) return []
  const { oneHot, share } = targetsOf(g, call, dy)
  const probabilities = g.op('Softmax', [call.x(0)], [intAttribute('axis', 1)])
  return [g.mul(g.sub(probabilities, oneHot), share)]
}

/** −one-hot · share. */
const negativeLogLikelihood: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const { oneHot, share } = targetsOf(g, call, dy)
  return [g.neg(g.mul(oneHot, share))]
}

export const TRAINING_OPS: OpTable = {
  NegativeLogLikelihoodLoss: { ...OPAQUE, gradient: negativeLogLikelihood },
  SoftmaxCrossEntropyLoss: { ...OPAQUE, gradient: softmaxCrossEntropy },
}

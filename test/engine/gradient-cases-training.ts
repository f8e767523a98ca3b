import type { GradientCase } from '#test/support/gradient-check'

function loss(op: string, attributes: string, constants: string, operands: string): GradientCase {
  const graph = `g (float[3,4] x) => (float y) <int64[3] t = {1, 3, 0}${constants}> { y = ${op}<${attributes}>(x, ${operands}) }`
  return { title: `${op} ${attributes}${constants}`, graph }
}

const WEIGHTS = ', float[4] w = {0.5, 1.0, 2.0, 0.7}'

export const TRAINING_CASES: readonly GradientCase[] = [
  loss('SoftmaxCrossEntropyLoss', 'reduction="mean"', '', 't'),
  loss('SoftmaxCrossEntropyLoss', 'reduction="sum"', WEIGHTS, 't, w'),
  loss('SoftmaxCrossEntropyLoss', 'reduction="mean", ignore_index=3', WEIGHTS, 't, w'),
  loss('NegativeLogLikelihoodLoss', 'reduction="none"', '', 't'),
  loss('NegativeLogLikelihoodLoss', 'reduction="mean"', WEIGHTS, 't, w'),
  {
    title: 'SoftmaxCrossEntropyLoss of a plane',
    graph: `g (float[2,3,2] x) => (float y) <int64[2,2] t = {0, 2, 1, 1}>
      { y = SoftmaxCrossEntropyLoss<reduction="none">(x, t) }`,
  },
  {
    title: 'Gelu of com.microsoft',
    graph: 'g (float[9] x) => (float y) { y = com.microsoft.Gelu(x) }',
  },
  {
    title: 'FastGelu of com.microsoft',
    graph: 'g (float[9] x) => (float y) { y = com.microsoft.FastGelu(x) }',
  },
  {
    title: 'FastGelu of com.microsoft with a bias',
    graph: 'g (float[3,4] x, float[4] b) => (float y) { y = com.microsoft.FastGelu(x, b) }',
  },
  {
    title: 'BiasGelu of com.microsoft',
    graph: 'g (float[3,4] x, float[4] b) => (float y) { y = com.microsoft.BiasGelu(x, b) }',
  },
  {
    title: 'SkipLayerNormalization',
    graph: `g (float[2,3,4] x, float[2,3,4] s, float[4] a, float[4] b, float[4] c) => (float y)
      { y = com.microsoft.SkipLayerNormalization<epsilon=0.01>(x, s, a, b, c) }`,
  },
  {
    title: 'SkipLayerNormalization whose sum is read as well, without vectors to add',
    graph: `g (float[2,3,4] x, float[2,3,4] s, float[4] a) => (float y) {
      n, "", "", sum = com.microsoft.SkipLayerNormalization<epsilon=0.01>(x, s, a)
      t = Sin(sum)  y = Mul(n, t)
    }`,
  },
  {
    title: 'SkipLayerNormalization whose sum alone is read',
    graph: `g (float[2,3,4] x, float[2,3,4] s) => (float y) <float[4] a = {1, 2, 3, 4}> {
      n, "", "", sum = com.microsoft.SkipLayerNormalization<epsilon=0.01>(x, s, a)  y = Sin(sum)
    }`,
  },
  {
    title: 'SkipSimplifiedLayerNormalization',
    graph: `g (float[2,3,4] x, float[2,3,4] s, float[4] a, float[4] c) => (float y) {
      n, "", "", sum = com.microsoft.SkipSimplifiedLayerNormalization<epsilon=0.01>(x, s, a, c)
      t = Sin(sum)  y = Mul(n, t)
    }`,
  },
  {
    title: 'QuickGelu of com.microsoft',
    graph: 'g (float[9] x) => (float y) { y = com.microsoft.QuickGelu<alpha=1.2>(x) }',
  },
]

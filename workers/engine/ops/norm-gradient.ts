// Gradients of normalisations by a norm of the input: LpNormalization, LRN, MeanVarianceNormalization.

import { intAttribute, intsAttribute } from '#src/onnx/ir/attribute'
import type { GradientRecipe } from './gradient-call.ts'

/** y = x ÷ ‖x‖: (dy − s·Σ dy·y) ÷ ‖x‖ with s = sign(x) for p = 1 and y for p = 2. */
export const lpNormalizationGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const { node } = call
  const [x, y] = [call.x(0), call.y(0)]
  const axes = [node.int('axis', -1)]
  const isTaxicab = node.int('p', 2) === 1
  const norm = g.op(isTaxicab ? 'ReduceL1' : 'ReduceL2', [x, g.ints(axes)])
  const direction = isTaxicab ? g.op('Sign', [x]) : y
  const projection = g.reduceSum(g.mul(dy, y), axes, true)
  return [g.div(g.sub(dy, g.mul(direction, projection)), norm)]
}

/**
 * y = x·D^−β with D = k + α/n · Σ x² over n channels around: dy·D^−β − 2αβ/n · x · Σ dy·x·D^(−β−1), where the second sum runs
 * over the channels whose window holds this one.
 */
export const lrnGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const { node } = call
  const x = call.x(0)
  const size = node.int('size', 1)
  const [alpha, beta, bias] = [
    node.float('alpha', 1e-4),
    node.float('beta', 0.75),
    node.float('bias', 1),
  ]
  const before = Math.floor((size - 1) / 2)
  const sumOver = (value: typeof x, head: number, tail: number) => {
    const spatial = g.op('Reshape', [value, g.ints([0, 0, -1])])
    const plane = g.unsqueeze(spatial, [1])
    const mean = g.op(
      'AveragePool',
      [plane],
      [
        intsAttribute('kernel_shape', [size, 1]),
        intsAttribute('pads', [head, 0, tail, 0]),
        intAttribute('count_include_pad', 1),
      ],
    )
    return g.affine(g.reshapeLike(mean, x), size, 0, x)
  }
  const after = size - 1 - before
  const d = g.affine(sumOver(g.mul(x, x), before, after), alpha / size, bias, x)
  const direct = g.mul(dy, g.op('Pow', [d, g.scalar(-beta, x)]))
  const steep = g.mul(g.mul(dy, x), g.op('Pow', [d, g.scalar(-beta - 1, x)]))
  const around = g.mul(x, sumOver(steep, after, before))
  return [g.sub(direct, g.affine(around, (2 * alpha * beta) / size, 0, x))]
}

/** y = (x − mean) ÷ s, s the deviation over the axes: (dy − mean(dy) − y·mean(dy·y)) ÷ s. */
export const meanVarianceGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const [x, y] = [call.x(0), call.y(0)]
  const axes = call.node.ints('axes') ?? [0, 2, 3]
  const centred = g.sub(x, g.reduceMean(x, axes, true))
  const deviation = g.op('Sqrt', [g.reduceMean(g.mul(centred, centred), axes, true)])
  const along = g.mul(y, g.reduceMean(g.mul(dy, y), axes, true))
  const rest = g.sub(g.sub(dy, g.reduceMean(dy, axes, true)), along)
  return [g.div(rest, deviation)]
}

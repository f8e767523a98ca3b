// How far two vectors point in different directions.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from '../../ops/gradient-builder.ts'

const LEAST_NORM = 1e-12

/** 1 − cos(y, t), all axes behind the first as one vector; mean over the first. `target` has as many elements. */
export function cosineDistance(g: GradientBuilder, output: Value, target: Value): Value {
  const rows = (value: Value): Value =>
    (g.shape(output)?.length ?? 2) === 2
      ? value
      : g.op('Flatten', [value], [intAttribute('axis', 1)])
  const wanted = g.op('Reshape', [g.castLike(target, output), g.shapeOf(output)])
  return meanCosineDistance(g, rows(output), rows(wanted), 1, output)
}

/** Along one axis; mean over the others. `like`: a value of the graph with the element type of both. */
export function meanCosineDistance(
  g: GradientBuilder,
  one: Value,
  other: Value,
  axis: number,
  like: Value,
): Value {
  const sum = (a: Value, b: Value): Value => g.reduceSum(g.mul(a, b), [axis], false)
  const squares = g.mul(sum(one, one), sum(other, other))
  const norms = g.op('Sqrt', [g.op('Max', [squares, g.scalar(LEAST_NORM, like)])])
  const cosine = g.div(sum(one, other), norms)
  const mean = g.op('ReduceMean', [cosine], [intAttribute('keepdims', 0)])
  return g.sub(g.scalar(1, like), mean)
}

// Mean squared error.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from '../../ops/gradient-builder.ts'
import type { SquaredErrorTerm } from './loss-term.ts'
import type { WholeBatch } from './whole-batch.ts'
import { meanSquare } from './whole-batch.ts'

const LEAST_SCALE = 1e-12

export function squaredError(
  g: GradientBuilder,
  term: SquaredErrorTerm,
  output: Value,
  target: Value,
  whole: WholeBatch,
): Value {
  const wanted = g.op('Reshape', [g.castLike(target, output), g.shapeOf(output)])
  const difference = g.sub(output, wanted)
  const error = mean(g, g.mul(difference, difference))
  if (term.scale === 'absolute') return error
  const size =
    whole(meanSquare(target.name, LEAST_SCALE)) ??
    g.op('Max', [mean(g, g.mul(wanted, wanted)), g.scalar(LEAST_SCALE, output)])
  return g.div(error, size)
}

function mean(g: GradientBuilder, value: Value): Value {
  return g.op('ReduceMean', [value], [intAttribute('keepdims', 0)])
}

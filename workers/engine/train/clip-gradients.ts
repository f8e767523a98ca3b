// Gradients whose common norm is too great, scaled down together.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from '../ops/gradient-builder.ts'

const LEAST_NORM = 1e-6

/** Keyed by weight: d · min(1, limit ÷ ‖all d‖). */
export function clipGradients(
  g: GradientBuilder,
  gradients: ReadonlyMap<Value, Value>,
  limit: number,
): ReadonlyMap<Value, Value> {
  const [like] = gradients.keys()
  if (like === undefined) return gradients
  const squares = [...gradients.values()].map((gradient) =>
    g.op('ReduceSum', [g.mul(gradient, gradient)], [intAttribute('keepdims', 0)]),
  )
  const sum = squares.reduce((total, square) => g.add(total, square))
  const norm = g.affine(g.op('Sqrt', [sum]), 1, LEAST_NORM, like)
  const factor = g.op('Min', [g.div(g.scalar(limit, like), norm), g.scalar(1, like)])
  return new Map([...gradients].map(([weight, gradient]) => [weight, g.mul(gradient, factor)]))
}

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
  const squares = [...gradients].map(([weight, gradient]) =>
    total(g, g.mul(gradient, gradient), g.shape(weight)?.length ?? 1),
  )
  const sum = squares.reduce((total, square) => g.add(total, square))
  const norm = g.affine(g.op('Sqrt', [sum]), 1, LEAST_NORM, like)
  const factor = g.op('Min', [g.div(g.scalar(limit, like), norm), g.scalar(1, like)])
  return new Map([...gradients].map(([weight, gradient]) => [weight, g.mul(gradient, factor)]))
}

/** In two steps: a sum over everything is split among the threads, and its last bits depend on how many there are. */
function total(g: GradientBuilder, value: Value, rank: number): Value {
  const inner = Array.from({ length: rank - 1 }, (_, axis) => axis + 1)
  const rows = g.reduceSum(value, inner, false)
  return g.op('ReduceSum', [rows], [intAttribute('keepdims', 0)])
}

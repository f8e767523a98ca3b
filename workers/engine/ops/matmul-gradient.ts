// Gradients of matrix products, as matrix products.

import { floatAttribute, intAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { Shape } from '#src/onnx/ir/value-type'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'

function swapLastTwo(g: GradientBuilder, value: Value, rank: number): Value {
  const perm = Array.from({ length: rank }, (_, axis) => axis)
  perm[rank - 2] = rank - 1
  perm[rank - 1] = rank - 2
  return g.transpose(value, perm)
}

/** Sizes of the batch axes of the result and the last two of `matrix`. */
function stackOf(call: GradientCall, batch: Shape, matrix: Value): Shape {
  const own = call.shape(matrix)
  return batch === null || own === null ? null : [...batch, ...own.slice(-2)]
}

/** A matrix shared by all rows of a stack: one product over all of them. */
function flatWeightGradient(g: GradientBuilder, a: Value, dy: Value): Value {
  const rows = (value: Value): Value => {
    const width = g.op('Shape', [value], [intAttribute('start', -1)])
    const target = g.op('Concat', [g.ints([-1]), width], [intAttribute('axis', 0)])
    return g.op('Reshape', [value, target])
  }
  return g.op('Gemm', [rows(a), rows(dy)], [intAttribute('transA', 1)])
}

/** dA = dY·Bᵀ and dB = Aᵀ·dY, summed over the batch axes that were broadcast. A vector is a matrix of one row or column. */
export const matmulGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  const [a, b] = [call.x(0), call.x(1)]
  const [rankA, rankB] = [call.rank(a), call.rank(b)]
  const isRow = rankA === 1
  const isColumn = rankB === 1
  const matrixA = isRow ? g.unsqueeze(a, [0]) : a
  const matrixB = isColumn ? g.unsqueeze(b, [1]) : b
  let matrixY = dy
  if (isColumn) matrixY = g.unsqueeze(matrixY, [-1])
  if (isRow) matrixY = g.unsqueeze(matrixY, [-2])
  const batchRank = Math.max(rankA, rankB, 2) - 2
  const batch = call.shape(call.y(0))?.slice(0, batchRank) ?? null

  const gradientOfA = (): Value => {
    const product = g.matmul(matrixY, swapLastTwo(g, matrixB, Math.max(rankB, 2)))
    if (!isRow) return g.unbroadcast(product, stackOf(call, batch, a), a)
    return g.reshapeLike(g.reduceSum(product, range(batchRank), false), a)
  }
  const gradientOfB = (): Value => {
    if (rankB === 2 && rankA >= 2) return flatWeightGradient(g, a, dy)
    const product = g.matmul(swapLastTwo(g, matrixA, Math.max(rankA, 2)), matrixY)
    if (!isColumn) return g.unbroadcast(product, stackOf(call, batch, b), b)
    return g.reshapeLike(g.reduceSum(product, range(batchRank), false), b)
  }
  return [call.wants(0) ? gradientOfA() : null, call.wants(1) ? gradientOfB() : null]
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

function product(
  g: GradientBuilder,
  alpha: number,
  [a, transA]: readonly [Value, number],
  [b, transB]: readonly [Value, number],
): Value {
  const attributes = [
    floatAttribute('alpha', alpha),
    intAttribute('transA', transA),
    intAttribute('transB', transB),
  ]
  return g.op('Gemm', [a, b], attributes)
}

/** Y = alpha·A′·B′ + beta·C, where A′ and B′ may be transposes. */
export const gemmGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  const { node } = call
  const [a, b] = [call.x(0), call.x(1)]
  const alpha = node.float('alpha', 1)
  const transA = node.int('transA', 0)
  const transB = node.int('transB', 0)
  const gradientOfA = () =>
    transA === 0
      ? product(g, alpha, [dy, 0], [b, 1 - transB])
      : product(g, alpha, [b, transB], [dy, 1])
  const gradientOfB = () =>
    transB === 0
      ? product(g, alpha, [a, 1 - transA], [dy, 0])
      : product(g, alpha, [dy, 1], [a, transA])
  const gradientOfC = () => {
    const c = call.x(2)
    const scaled = g.affine(dy, node.float('beta', 1), 0, c)
    return g.unbroadcast(scaled, call.shape(call.y(0)), c)
  }
  return [
    call.wants(0) ? gradientOfA() : null,
    call.wants(1) ? gradientOfB() : null,
    call.wants(2) ? gradientOfC() : null,
  ]
}

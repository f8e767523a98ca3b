// Matrix products.

import { broadcastShapes, unify } from './broadcast.ts'
import type { Call, RuleTable, ShapeRule } from './call.ts'
import type { Size } from './expression.ts'
import type { DtypeOrNone } from './fact.ts'
import { tensor } from './fact.ts'
import type { MaybeSize } from './symbols.ts'

/** numpy.matmul: [..., M, K] × [..., K, N] → [..., M, N]; vectors lose the dimension that was added to them. */
export function matmulShape(
  call: Call,
  a: readonly Size[] | null,
  b: readonly Size[] | null,
): MaybeSize[] | null {
  if (a === null || b === null || a.length === 0 || b.length === 0) return null
  const left = a.length === 1 ? [1, ...a] : a
  const right = b.length === 1 ? [...b, 1] : b
  unify(call, left.at(-1) ?? null, right.at(-2) ?? null)
  const batch = broadcastShapes(call, [left.slice(0, -2), right.slice(0, -2)])
  if (batch === null) return null
  const shape = [...batch]
  if (a.length > 1) shape.push(left.at(-2) ?? null)
  if (b.length > 1) shape.push(right.at(-1) ?? null)
  return shape
}

export function matmulRule(a: number, b: number, dtype: (call: Call) => DtypeOrNone): ShapeRule {
  return (call) => [tensor(dtype(call), matmulShape(call, call.shape(a), call.shape(b)))]
}

/** A'[M, K] × B'[K, N] → [M, N]. */
export const gemm: ShapeRule = (call) => {
  const [a, b] = [call.shape(0), call.shape(1)]
  const [transA, transB] = [call.int('transA', 0) !== 0, call.int('transB', 0) !== 0]
  if (a !== null && b !== null) {
    unify(call, a[transA ? 0 : 1] ?? null, b[transB ? 1 : 0] ?? null)
  }
  const rows = a?.[transA ? 1 : 0] ?? null
  const columns = b?.[transB ? 0 : 1] ?? null
  return [tensor(call.dtype(0), [rows, columns])]
}

/** Determinants of the innermost matrices. */
const determinant: ShapeRule = (call) => [
  tensor(call.dtype(0), call.shape(0)?.slice(0, -2) ?? null),
]

const firstDtype = (call: Call) => call.dtype(0)

export const MATMUL_RULES: RuleTable = {
  Det: determinant,
  Gemm: gemm,
  MatMul: matmulRule(0, 1, firstDtype),
  MatMulInteger: matmulRule(0, 1, () => 'int32'),
  QLinearMatMul: matmulRule(0, 3, (call) => call.dtype(7)),
}

// Operators of com.microsoft on quantized tensors: each operand comes with its scale and its zero point.

import { broadcastShapes } from './broadcast.ts'
import type { Call, RuleTable, ShapeRule } from './call.ts'
import { convRule } from './conv.ts'
import { sameAsFirst } from './elementwise.ts'
import { tensor } from './fact.ts'
import { concatFacts } from './layout.ts'
import { matmulRule } from './matmul.ts'
import { globalPool, pooledShape } from './pooling.ts'

/** Operands 0 and 3. */
const elementwise: ShapeRule = (call) => [
  tensor(call.dtype(0), broadcastShapes(call, [call.shape(0), call.shape(3)])),
]

/** Result scale and zero point, then triples of (tensor, scale, zero point). */
const concat: ShapeRule = (call) => {
  const tensors = call.facts().filter((_, index) => index >= 2 && (index - 2) % 3 === 0)
  return [concatFacts(call, tensors, call.int('axis', 0))]
}

/** Condition, then (x, scale, zero point), (y, scale, zero point). */
const where: ShapeRule = (call) => [
  tensor(call.dtype(1), broadcastShapes(call, [call.shape(0), call.shape(1), call.shape(4)])),
]

/** A'[M, K] × B'[K, N]; quantized when the result has a zero point, else float32. */
const gemm: ShapeRule = (call) => {
  const rows = call.dim(0, call.int('transA', 0) !== 0 ? 1 : 0)
  const columns = call.dim(3, call.int('transB', 0) !== 0 ? 0 : 1)
  return [tensor(call.has(8) ? call.dtype(8) : 'float32', [rows, columns])]
}

const globalAveragePool: ShapeRule = (call) => {
  if (call.int('channels_last', 0) === 0) return globalPool(call)
  const shape = call.shape(0)
  const last = shape === null ? 0 : shape.length - 1
  const sizes = shape?.map((size, axis) => (axis === 0 || axis === last ? size : 1)) ?? null
  return [tensor(call.dtype(0), sizes)]
}

const averagePool: ShapeRule = (call) => [
  tensor(call.dtype(0), pooledShape(call, call.int('channels_last', 0) !== 0)),
]

export const QUANTIZED_CONTRIB_RULES: RuleTable = {
  DynamicQuantizeMatMul: matmulRule(0, 1, (call) => call.dtype(0)),
  MatMulIntegerToFloat: matmulRule(0, 1, (call: Call) => call.dtype(2)),
  QGemm: gemm,
  QLinearAdd: elementwise,
  QLinearAveragePool: averagePool,
  QLinearConcat: concat,
  QLinearConv: convRule(0, 3, (call) => call.dtype(7)),
  QLinearGlobalAveragePool: globalAveragePool,
  QLinearLeakyRelu: sameAsFirst,
  QLinearMul: elementwise,
  QLinearSigmoid: sameAsFirst,
  QLinearSoftmax: sameAsFirst,
  QLinearWhere: where,
}

// Matrix products: MatMul, Gemm, Einsum.

import type { Node } from '#src/onnx/ir/node'
import { einsumMacs, gemmMacs, matmulMacs } from '#src/onnx/macs/matmul'
import type { AxesRule, AxisContext } from './axis-context.ts'
import { einsumAxes, einsumGradient } from './einsum.ts'
import type { FactoredLayer } from './integer-kernel.ts'
import { integerKernel } from './integer-kernel.ts'
import { gemmGradient, matmulGradient } from './matmul-gradient.ts'
import type { OpTable } from './op.ts'
import { inputShape, outputShape } from './pass-axes.ts'
import { tieVectorInputs } from './vector-axes.ts'

/**
 * The kernel takes one scale per column of a matrix. With scales along the last axis of a stack of matrices the session
 * loads and its run fails.
 */
const MATMUL_KERNEL = integerKernel({
  kernels: ['QLinearMatMul', 'MatMulIntegerToFloat'],
  activations: [0, 1],
  weight: {
    input: 1,
    channelAxis: (_node, rank) => (rank === 2 ? 1 : 'none'),
    inputAxis: (_node, dims) => (dims.length === 2 ? 0 : 'none'),
    channels: -1,
    factors: () => ({ kind: 'matrix', first: [], second: [] }),
  },
  needsOutputQuantizer: false,
})

/** With another factor than 1 the runtime keeps Gemm in float. */
function acceptsGemm(node: Node): string {
  if (node.float('alpha', 1) !== 1) return 'alpha is not 1'
  return node.float('beta', 1) === 1 || node.input(2) === null ? 'yes' : 'beta is not 1'
}

/** What is added, and by which factors, stays with the second. */
function gemmFactors(node: Node): FactoredLayer {
  const attributes = [...node.attributes.values()]
  return {
    kind: 'matrix',
    first: attributes.filter(({ name }) => name === 'transA' || name === 'transB'),
    second: attributes.filter(({ name }) => name !== 'transA'),
  }
}

const GEMM_KERNEL = integerKernel({
  kernels: ['QGemm'],
  activations: [0, 1],
  weight: {
    input: 1,
    channelAxis: (node) => (node.int('transB', 0) === 1 ? 0 : 1),
    inputAxis: (node) => (node.int('transA', 0) === 1 ? 'none' : node.int('transB', 0)),
    channels: -1,
    factors: gemmFactors,
  },
  bias: 2,
  needsOutputQuantizer: false,
  fusesActivation: ['Relu', 'Clip'],
  accepts: acceptsGemm,
})

/** Operands of a broadcast batch axis, those of size 1 left out. */
function passBatchAxis(context: AxisContext, axis: number, rank: number, second: number): void {
  const labels = [0, second].flatMap((index) => {
    const shape = inputShape(context, index)
    const own = axis - rank + shape.length
    return shape.length > 2 && own >= 0 && shape[own] !== 1 ? [context.input(index, own)] : []
  })
  const [first, other] = labels
  if (first === undefined) return
  if (other !== undefined) context.tie(first, other)
  context.output(0, axis, first)
}

/** Which input is the second operand, and which are vectors with one entry per column or per row. */
interface MatMulInputs {
  readonly second: number
  readonly columns: readonly number[]
  readonly rows: readonly number[]
}

/** The last axis of A is the last but one of B; a vector has only the contracted axis. com.microsoft may transpose either. */
export function matmulAxes({ second, columns, rows }: MatMulInputs): AxesRule {
  return (context) => {
    const { node } = context
    const isBatchMoved = node.int('transBatchA', 0) + node.int('transBatchB', 0) > 0
    if (isBatchMoved) return
    const [across, down] = node.int('transA', 0) === 1 ? [-2, -1] : [-1, -2]
    const [left, right] = node.int('transB', 0) === 1 ? [-1, -2] : [-2, -1]
    const rankA = inputShape(context, 0).length
    const rankB = inputShape(context, second).length
    const rank = outputShape(context, 0).length
    context.tie(context.input(0, across), context.input(second, rankB === 1 ? 0 : left))
    const tail = (rankA === 1 ? 0 : 1) + (rankB === 1 ? 0 : 1)
    for (let axis = 0; axis < rank - tail; axis += 1) {
      passBatchAxis(context, axis, rank - tail + 2, second)
    }
    if (rankA > 1) {
      context.output(0, rank - tail, context.input(0, down))
      tieVectorInputs(context, rows, context.input(0, down))
    }
    if (rankB > 1) {
      context.output(0, rank - 1, context.input(second, right))
      tieVectorInputs(context, columns, context.input(second, right))
    }
  }
}

/** Which inputs are the second operand and the bias, and which are vectors with one entry per column. */
interface GemmInputs {
  readonly second: number
  readonly bias: number
  readonly columns: readonly number[]
}

export function gemmAxes({ second, bias, columns: vectors }: GemmInputs): AxesRule {
  return (context) => {
    const { node } = context
    const transA = node.int('transA', 0)
    const transB = node.int('transB', 0)
    const rows = context.input(0, transA)
    const columns = context.input(second, 1 - transB)
    context.tie(context.input(0, 1 - transA), context.input(second, transB))
    context.output(0, 0, rows)
    context.output(0, 1, columns)
    tieVectorInputs(context, vectors, columns)
    const shape = inputShape(context, bias)
    if (shape.length > 0 && shape.at(-1) !== 1) context.tie(context.input(bias, -1), columns)
    if (shape.length === 2 && shape[0] !== 1) context.tie(context.input(bias, 0), rows)
  }
}

export const MATMUL_OPS: OpTable = {
  Einsum: {
    macs: einsumMacs,
    axes: einsumAxes,
    gradient: einsumGradient,
    quantization: 'float',
    affine: 'none',
  },
  Gemm: {
    macs: gemmMacs,
    axes: gemmAxes({ second: 1, bias: 2, columns: [] }),
    gradient: gemmGradient,
    quantization: GEMM_KERNEL,
    affine: 'none',
  },
  MatMul: {
    macs: matmulMacs,
    axes: matmulAxes({ second: 1, columns: [], rows: [] }),
    gradient: matmulGradient,
    quantization: MATMUL_KERNEL,
    affine: 'none',
  },
}

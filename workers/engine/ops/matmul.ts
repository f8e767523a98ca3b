// Matrix products: MatMul, Gemm, Einsum.

import type { Node } from '#src/onnx/ir/node'
import { integerKernel } from './integer-kernel.ts'
import { OPAQUE } from './op.ts'
import type { Facts, OpTable } from './op.ts'

/** The kernel takes one scale per column of a matrix; a stack of matrices has one scale. */
const MATMUL_KERNEL = integerKernel({
  kernels: ['QLinearMatMul', 'MatMulIntegerToFloat'],
  activations: [0, 1],
  weight: { input: 1, channelAxis: (_node, rank) => (rank === 2 ? 1 : 'none') },
  needsOutputQuantizer: false,
})

/** QGemm adds the bias as int32 of scale input × weight, which a factor other than 1 would not match. */
function acceptsGemm(node: Node, facts: Facts): 'yes' | string {
  if (node.float('beta', 1) !== 1) return 'beta is not 1'
  if (node.float('alpha', 1) !== 1) return 'alpha is not 1'
  const bias = node.input(2)
  if (bias !== null && facts.constant(bias) === null) return 'C is computed, not constant'
  return 'yes'
}

const GEMM_KERNEL = integerKernel({
  kernels: ['QGemm'],
  activations: [0, 1],
  weight: { input: 1, channelAxis: (node) => (node.int('transB', 0) === 1 ? 0 : 1) },
  bias: 2,
  needsOutputQuantizer: false,
  fusesActivation: ['Relu', 'Clip'],
  accepts: acceptsGemm,
})

export const MATMUL_OPS: OpTable = {
  Einsum: OPAQUE,
  Gemm: { ...OPAQUE, quantization: GEMM_KERNEL },
  MatMul: { ...OPAQUE, quantization: MATMUL_KERNEL },
}

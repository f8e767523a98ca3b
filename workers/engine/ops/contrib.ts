// Operators of com.microsoft that the runtime's own optimizer and exporters write.

import {
  fusedAttentionMacs,
  groupQueryAttentionMacs,
  multiHeadAttentionMacs,
  quantizedAttentionMacs,
} from '#src/onnx/macs/attention'
import { convMacs, quantizedConvMacs } from '#src/onnx/macs/conv'
import { gemmMacs, matmulMacs, matmulNBitsMacs } from '#src/onnx/macs/matmul'
import { geluOfErf, geluOfTanh, quickGelu } from './activation.ts'
import { elementwiseUnary } from './elementwise-unary.ts'
import type { GradientRecipe } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'
import type { OpTable } from './op.ts'
import { OPAQUE, sameRule } from './op.ts'

const fastGelu: GradientRecipe = (g, call) =>
  call.has(1) ? refuse(call, 'it has a bias') : geluOfTanh(g, call)

export const CONTRIB_OPS: OpTable = {
  FastGelu: elementwiseUnary(fastGelu),
  Attention: { ...OPAQUE, macs: fusedAttentionMacs },
  FusedConv: { ...OPAQUE, macs: convMacs },
  FusedGemm: { ...OPAQUE, macs: gemmMacs },
  Gelu: elementwiseUnary(geluOfErf),
  GroupQueryAttention: { ...OPAQUE, macs: groupQueryAttentionMacs },
  MatMulNBits: { ...OPAQUE, macs: matmulNBitsMacs },
  MultiHeadAttention: { ...OPAQUE, macs: multiHeadAttentionMacs },
  QAttention: { ...OPAQUE, macs: quantizedAttentionMacs },
  QGemm: { ...OPAQUE, macs: gemmMacs },
  QLinearConv: { ...OPAQUE, macs: quantizedConvMacs },
  QuickGelu: elementwiseUnary(quickGelu),
  ...sameRule(['DynamicQuantizeMatMul', 'FusedMatMul', 'MatMulIntegerToFloat'], {
    ...OPAQUE,
    macs: matmulMacs,
  }),
}

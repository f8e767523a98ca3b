// Operators of com.microsoft that the runtime's own optimizer and exporters write.

import { convMacs } from '#src/onnx/macs/conv'
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
  FusedConv: { ...OPAQUE, macs: convMacs },
  Gelu: elementwiseUnary(geluOfErf),
  MatMulNBits: { ...OPAQUE, macs: matmulNBitsMacs },
  QGemm: { ...OPAQUE, macs: gemmMacs },
  QuickGelu: elementwiseUnary(quickGelu),
  ...sameRule(['DynamicQuantizeMatMul', 'FusedMatMul', 'MatMulIntegerToFloat'], {
    ...OPAQUE,
    macs: matmulMacs,
  }),
}

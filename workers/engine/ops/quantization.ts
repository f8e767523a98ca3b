// Operators on integers that stand for real numbers. Already quantized: there is nothing left to quantize.

import { convMacs, quantizedConvMacs } from '#src/onnx/macs/conv'
import { matmulMacs } from '#src/onnx/macs/matmul'
import type { AxesRule } from './axis-context.ts'
import type { OpTable } from './op.ts'
import { OPAQUE, sameRule } from './op.ts'
import { fromFront, inputShape, passAxis } from './pass-axes.ts'

/** Scale and zero point are one number, one per index of an axis, or one per block of an axis, which then stays whole. */
const scaledAxes: AxesRule = (context) => {
  const rank = inputShape(context, 0).length
  const scaled = fromFront(context.node.int('axis', 1), rank)
  const isBlocked = context.node.int('block_size', 0) > 0
  if (isBlocked) context.freeze(context.input(0, scaled), 'scaled in blocks')
  for (let axis = 0; axis < rank; axis += 1) passAxis(context, axis)
  for (const index of [1, 2]) {
    const own = inputShape(context, index)
    if (isBlocked) {
      for (const axis of own.keys()) {
        if (axis !== scaled) context.tie(context.input(index, axis), context.input(0, axis))
      }
    } else if (own.length === 1 && own[0] !== 1) {
      context.tie(context.input(index, 0), context.input(0, scaled))
    }
  }
}

export const QUANTIZATION_OPS: OpTable = {
  ...sameRule(['DequantizeLinear', 'QuantizeLinear'], { ...OPAQUE, axes: scaledAxes }),
  ConvInteger: { ...OPAQUE, macs: convMacs },
  DynamicQuantizeLinear: OPAQUE,
  MatMulInteger: { ...OPAQUE, macs: matmulMacs },
  QLinearConv: { ...OPAQUE, macs: quantizedConvMacs },
  QLinearMatMul: { ...OPAQUE, macs: matmulMacs },
}

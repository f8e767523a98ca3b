// Operators on integers that stand for real numbers. Already quantized: there is nothing left to quantize.

import { convMacs, quantizedConvMacs } from '#src/onnx/macs/conv'
import { matmulMacs } from '#src/onnx/macs/matmul'
import type { AxesRule } from './axis-context.ts'
import { convAxes } from './conv.ts'
import { matmulAxes } from './matmul.ts'
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

/** One scale for the whole tensor, of what is left of it. */
const allAxes: AxesRule = (context) => {
  for (const axis of inputShape(context, 0).keys()) context.output(0, axis, context.input(0, axis))
}

export const QUANTIZATION_OPS: OpTable = {
  ...sameRule(['DequantizeLinear', 'QuantizeLinear'], { ...OPAQUE, axes: scaledAxes }),
  ConvInteger: { ...OPAQUE, macs: convMacs, axes: convAxes({ weight: 1, vectors: [3] }) },
  DynamicQuantizeLinear: { ...OPAQUE, axes: allAxes },
  MatMulInteger: {
    ...OPAQUE,
    macs: matmulMacs,
    axes: matmulAxes({ second: 1, columns: [3], rows: [2] }),
  },
  QLinearConv: {
    ...OPAQUE,
    macs: quantizedConvMacs,
    axes: convAxes({ weight: 3, vectors: [4, 5, 8] }),
  },
  QLinearMatMul: {
    ...OPAQUE,
    macs: matmulMacs,
    axes: matmulAxes({ second: 3, columns: [4, 5], rows: [1, 2, 6, 7] }),
  },
}

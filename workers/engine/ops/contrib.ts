// Operators of com.microsoft that the runtime's own optimizer and exporters write.

import {
  fusedAttentionMacs,
  groupQueryAttentionMacs,
  multiHeadAttentionMacs,
  quantizedAttentionMacs,
} from '#src/onnx/macs/attention'
import { convMacs, quantizedConvMacs } from '#src/onnx/macs/conv'
import { gemmMacs, matmulMacs, matmulNBitsMacs } from '#src/onnx/macs/matmul'
import { recurrentMacs } from '#src/onnx/macs/recurrent'
import { fastGelu, geluOfErf, quickGelu } from './activation.ts'
import { fusedAttentionAxes, multiHeadAttentionAxes } from './attention-axes.ts'
import type { AxesRule } from './axis-context.ts'
import { CONTRIB_NORM_OPS } from './contrib-norms.ts'
import { convAxes } from './conv.ts'
import { elementwiseUnary } from './elementwise-unary.ts'
import { gemmAxes, matmulAxes } from './matmul.ts'
import type { OpTable } from './op.ts'
import { OPAQUE } from './op.ts'
import { inputShape, outputShape } from './pass-axes.ts'

/** A convolution that may add a tensor of its result's shape. */
const fusedConvAxes: AxesRule = (context) => {
  const follow = convAxes({ weight: 1, vectors: [2] })
  if (typeof follow !== 'string') follow(context)
  const sum = inputShape(context, 3)
  if (sum.length > 1) context.tie(context.input(3, 1), context.input(1, 0))
}

/**
 * Rows of the packed weight [N, blocks, bytes] may go, with their scales [N·blocks] and zero points; what is summed over is packed in
 * blocks.
 */
const packedAxes: AxesRule = (context) => {
  const rows = context.input(1, 0)
  const last = inputShape(context, 0).length - 1
  context.freeze(context.input(0, last), 'packed in blocks')
  for (let axis = 0; axis < last; axis += 1) context.output(0, axis, context.input(0, axis))
  context.output(0, last, rows)
  for (const index of [2, 3, 5]) {
    const shape = inputShape(context, index)
    const own = shape[0] ?? 1
    if (shape.length === 0 || own < rows.size) continue
    const [first] = context.split(context.input(index, 0), [rows.size, own / rows.size])
    if (first !== undefined) context.tie(first, rows)
  }
  context.rewrite({ kind: 'count', attribute: 'N', axis: rows })
}

/** Elementwise on tensors at inputs 0 and 3, each followed by its scale and zero point. */
const quantizedPairAxes: AxesRule = (context) => {
  const rank = outputShape(context, 0).length
  for (let axis = 0; axis < rank; axis += 1) {
    const labels = [0, 3].flatMap((index) => {
      const shape = inputShape(context, index)
      const own = axis - rank + shape.length
      return own >= 0 && shape[own] !== 1 ? [context.input(index, own)] : []
    })
    const [first, second] = labels
    if (first === undefined) continue
    if (second !== undefined) context.tie(first, second)
    context.output(0, axis, first)
  }
}

export const CONTRIB_OPS: OpTable = {
  ...CONTRIB_NORM_OPS,
  FastGelu: elementwiseUnary(fastGelu),
  Attention: { ...OPAQUE, macs: fusedAttentionMacs, axes: fusedAttentionAxes },
  FusedConv: { ...OPAQUE, macs: convMacs, axes: fusedConvAxes },
  FusedGemm: {
    ...OPAQUE,
    macs: gemmMacs,
    axes: gemmAxes({ second: 1, bias: 2, columns: [] }),
  },
  Gelu: elementwiseUnary(geluOfErf),
  GroupQueryAttention: { ...OPAQUE, macs: groupQueryAttentionMacs },
  MatMulNBits: { ...OPAQUE, macs: matmulNBitsMacs, axes: packedAxes },
  MultiHeadAttention: { ...OPAQUE, macs: multiHeadAttentionMacs, axes: multiHeadAttentionAxes },
  QAttention: { ...OPAQUE, macs: quantizedAttentionMacs },
  QGemm: {
    ...OPAQUE,
    macs: gemmMacs,
    axes: gemmAxes({ second: 3, bias: 6, columns: [4, 5] }),
  },
  QLinearAdd: { ...OPAQUE, axes: quantizedPairAxes },
  QLinearMul: { ...OPAQUE, axes: quantizedPairAxes },
  QLinearConv: {
    ...OPAQUE,
    macs: quantizedConvMacs,
    axes: convAxes({ weight: 3, vectors: [4, 5, 8] }),
  },
  QuickGelu: elementwiseUnary(quickGelu),
  DynamicQuantizeLSTM: { ...OPAQUE, macs: recurrentMacs },
  DynamicQuantizeMatMul: {
    ...OPAQUE,
    macs: matmulMacs,
    axes: matmulAxes({ second: 1, columns: [2, 3, 4], rows: [] }),
  },
  FusedMatMul: {
    ...OPAQUE,
    macs: matmulMacs,
    axes: matmulAxes({ second: 1, columns: [], rows: [] }),
  },
  MatMulIntegerToFloat: {
    ...OPAQUE,
    macs: matmulMacs,
    axes: matmulAxes({ second: 1, columns: [3, 5, 6], rows: [2, 4] }),
  },
}

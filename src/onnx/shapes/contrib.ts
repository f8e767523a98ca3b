// Operators of com.microsoft that the runtime's optimizer and exporters write.

import { broadcastShapes } from './broadcast.ts'
import type { Call, RuleTable, ShapeRule } from './call.ts'
import { CONTRIB_ATTENTION_RULES } from './attention.ts'
import { QUANTIZED_CONTRIB_RULES } from './contrib-quantized.ts'
import { convRule } from './conv.ts'
import { sameAsFirst } from './elementwise.ts'
import { tensor } from './fact.ts'
import { GENERATION_RULES } from './generation.ts'
import { INDEXING_RULES } from './indexing.ts'
import { LAYOUT_RULES } from './layout.ts'
import { gemm, matmulRule, matmulShape } from './matmul.ts'
import { CONTRIB_NORMALIZATION_RULES } from './normalization.ts'
import { pooledShape } from './pooling.ts'
import { QUANTIZATION_RULES } from './quantization.ts'
import { CONTRIB_RECURRENT_RULES } from './recurrent.ts'
import { IMAGE_RULES } from './image.ts'
import type { MaybeSize } from './symbols.ts'
import { exactDivide } from './symbols.ts'

/** MatMul of operands whose two last axes, or all but the last, are swapped first. */
const fusedMatmul: ShapeRule = (call) => {
  const a = operand(call, 0, 'A')
  const b = operand(call, 1, 'B')
  return [tensor(call.dtype(0), a === null || b === null ? null : matmulShape(call, a, b))]
}

function operand(call: Call, index: number, name: string) {
  const shape = call.shape(index)
  if (shape === null || shape.length < 2) return shape
  const batchFirst = call.int(`transBatch${name}`, 0) !== 0
  const sizes = batchFirst
    ? [...shape.slice(1, -1), ...shape.slice(0, 1), ...shape.slice(-1)]
    : [...shape]
  return call.int(`trans${name}`, 0) === 0
    ? sizes
    : [...sizes.slice(0, -2), ...sizes.slice(-1), ...sizes.slice(-2, -1)]
}

/** A[..., K] × packed B[N, K] → [..., N], the sizes as attributes. */
const packedMatmul: ShapeRule = (call) => {
  const shape = call.shape(0)
  const columns = call.int('N', 0)
  if (shape === null) return [tensor(call.dtype(0), null)]
  return [tensor(call.dtype(0), [...shape.slice(0, -1), columns > 0 ? columns : null])]
}

/** Half of the last axis gates the other half. */
const biasSplitGelu: ShapeRule = (call) => {
  const shape = call.shape(0)
  if (shape === null) return [tensor(call.dtype(0), null)]
  return [tensor(call.dtype(0), [...shape.slice(0, -1), exactDivide(shape.at(-1) ?? null, 2)])]
}

const expandDims: ShapeRule = (call) => {
  const shape = call.shape(0)
  const given = call.scalar(1)
  if (shape === null || typeof given !== 'number') return [tensor(call.dtype(0), null)]
  const axis = call.axis(given, shape.length + 1)
  if (axis === null) return [tensor(call.dtype(0), null)]
  return [tensor(call.dtype(0), [...shape.slice(0, axis), 1, ...shape.slice(axis)])]
}

/** Boxes [count, 4] of images [N, C, H, W] → [count, C, height, width]. */
const cropAndResize: ShapeRule = (call) => {
  const sizes = call.sizes(3)
  const crop: MaybeSize[] = [sizes?.[0] ?? null, sizes?.[1] ?? null]
  return [tensor(call.dtype(0), [call.dim(1, 0), call.dim(0, 1), ...crop])]
}

/** As Gather, in the scales' type. Along the last axis of packed bytes the size depends on the packing. */
const gatherBlockQuantized: ShapeRule = (call) => {
  const data = call.shape(0)
  const indices = call.shape(1)
  if (data === null || indices === null) return [tensor(call.dtype(2), null)]
  const axis = call.axis(call.int('gather_axis', 0), data.length)
  if (axis === null) return [tensor(call.dtype(2), null)]
  const last = call.dtype(0) === 'uint8' ? null : (data.at(-1) ?? null)
  const sizes: MaybeSize[] = [...data.slice(0, -1), last]
  return [tensor(call.dtype(2), [...sizes.slice(0, axis), ...indices, ...sizes.slice(axis + 1)])]
}

const murmurHash: ShapeRule = (call) => [
  tensor(call.int('positive', 1) !== 0 ? 'uint32' : 'int32', call.shape(0)),
]

/** Values, the position of each element among them, counts. */
const unique: ShapeRule = (call) => {
  const found = tensor(call.dtype(0), [null])
  return [found, tensor('int64', call.shape(0)), tensor('int64', found.shape)]
}

const pairwiseDistances: ShapeRule = (call) => [
  tensor(call.dtype(0), [call.dim(0, 0), call.dim(1, 0)]),
]

const biasDropout: ShapeRule = (call) => {
  const shape = broadcastShapes(call, [call.shape(0)])
  return [tensor(call.dtype(0), shape), tensor('bool', shape)]
}

const SAME = `
  BiasAdd BiasGelu BiasSoftmax FastGelu Gelu Inverse QuickGelu RotaryEmbedding Trilu
  SampleOp MoE QMoE ThresholdedRelu
`

function picked(table: RuleTable, ...names: readonly string[]): RuleTable {
  return Object.fromEntries(Object.entries(table).filter(([name]) => names.includes(name)))
}

export const CONTRIB_RULES: RuleTable = {
  ...Object.fromEntries(
    SAME.trim()
      .split(/\s+/)
      .map((name) => [name, sameAsFirst]),
  ),
  ...picked(GENERATION_RULES, 'Range'),
  ...picked(IMAGE_RULES, 'GridSample'),
  ...picked(INDEXING_RULES, 'GatherND'),
  ...picked(LAYOUT_RULES, 'Pad'),
  ...QUANTIZATION_RULES,
  ...QUANTIZED_CONTRIB_RULES,
  ...CONTRIB_ATTENTION_RULES,
  ...CONTRIB_NORMALIZATION_RULES,
  ...CONTRIB_RECURRENT_RULES,
  BiasDropout: biasDropout,
  BiasSplitGelu: biasSplitGelu,
  CDist: pairwiseDistances,
  CropAndResize: cropAndResize,
  ExpandDims: expandDims,
  FusedConv: convRule(0, 1, (call) => call.dtype(0)),
  FusedGemm: gemm,
  FusedMatMul: fusedMatmul,
  IsAllFinite: () => [tensor('bool', [])],
  MatMulBnb4: packedMatmul,
  GatherBlockQuantized: gatherBlockQuantized,
  MatMulInteger16: matmulRule(0, 1, () => 'int32'),
  MatMulNBits: packedMatmul,
  MaxpoolWithMask: (call) => [tensor(call.dtype(0), pooledShape(call))],
  MurmurHash3: murmurHash,
  NGramRepeatBlock: (call) => [tensor(call.dtype(1), call.shape(1))],
  Unique: unique,
  NhwcMaxPool: (call) => [tensor(call.dtype(0), pooledShape(call, true))],
  TransposeMatMul: fusedMatmul,
}

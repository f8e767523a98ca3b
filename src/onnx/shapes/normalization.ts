// Normalizations: the data keeps its shape; statistics come beside it.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import { dtypeAttribute } from './casting.ts'
import { like, sameAsFirst } from './elementwise.ts'
import { tensor } from './fact.ts'

/** Running mean and variance come out in training: input types 3 and 4 since opset 14, of X before. */
const batchNormalization: ShapeRule = (call) => {
  const channels = [call.dim(1, 0)]
  const statistics = Array.from({ length: 4 }, (_, index) => {
    const given = call.opset >= 14 ? call.dtype(3 + (index % 2)) : call.dtype(0)
    return tensor(given, channels)
  })
  return [like(call), ...statistics]
}

/** Mean and inverse deviation have ones from `axis` on, in the type of `stash_type`. */
const layerNormalization: ShapeRule = (call) => {
  const shape = call.shape(0)
  const dtype = dtypeAttribute(call, 'stash_type', 'float32')
  const axis = shape === null ? null : call.axis(call.int('axis', -1), shape.length)
  const reduced =
    shape === null || axis === null ? null : shape.map((size, at) => (at < axis ? size : 1))
  return [like(call), tensor(dtype, reduced), tensor(dtype, reduced)]
}

export const NORMALIZATION_RULES: RuleTable = {
  BatchNormalization: batchNormalization,
  GroupNormalization: sameAsFirst,
  InstanceNormalization: sameAsFirst,
  LayerNormalization: layerNormalization,
  RMSNormalization: sameAsFirst,
  // The runtime's optimizer writes this one into the standard domain.
  SimplifiedLayerNormalization: layerNormalization,
}

/** com.microsoft: the fourth output is the sum of input, skip and bias. */
const skipLayerNormalization: ShapeRule = (call) => {
  const shape = call.shape(0)
  const reduced = shape?.map((size, at) => (at < shape.length - 1 ? size : 1)) ?? null
  const statistics = tensor('float32', reduced)
  return [like(call), statistics, statistics, like(call)]
}

/** Word, position and segment embeddings: [batch, length] and [vocabulary, hidden]. */
const embedLayerNormalization: ShapeRule = (call: Call) => {
  const [batch, length, hidden] = [call.dim(0, 0), call.dim(0, 1), call.dim(2, 1)]
  const embedded = tensor(call.dtype(2), [batch, length, hidden])
  return [embedded, tensor('int32', [batch]), embedded]
}

export const CONTRIB_NORMALIZATION_RULES: RuleTable = {
  EmbedLayerNormalization: embedLayerNormalization,
  GroupNorm: sameAsFirst,
  QEmbedLayerNormalization: (call) => {
    const [batch, length, hidden] = [call.dim(0, 0), call.dim(0, 1), call.dim(2, 1)]
    return [tensor('float32', [batch, length, hidden]), tensor('int32', [batch])]
  },
  SkipGroupNorm: (call) => [like(call), like(call)],
  SkipLayerNormalization: skipLayerNormalization,
  SkipSimplifiedLayerNormalization: skipLayerNormalization,
}

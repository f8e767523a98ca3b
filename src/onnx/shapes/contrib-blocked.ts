// com.microsoft.nchwc: convolutions on blocked channels, as the runtime's last level of optimization writes them. Shapes are
// [N, C, spatial...], C in whole blocks.

import type { RuleTable, ShapeRule } from './call.ts'
import { convRule } from './conv.ts'
import { tensor } from './fact.ts'
import { globalPool, pooledShape } from './pooling.ts'
import { multiply } from './symbols.ts'

const pool: ShapeRule = (call) => [tensor(call.dtype(0), pooledShape(call))]

/** Into blocks of 8 or 16 channels, by machine, from channels second or last: their number is rounded up to whole blocks. */
const reorderInput: ShapeRule = (call) => {
  const shape = call.shape(0)
  if (shape === null) return [tensor(call.dtype(0), null)]
  const last = call.int('channels_last', 0) !== 0
  const given = shape[last ? shape.length - 1 : 1]
  const channels = typeof given === 'number' && given % 16 === 0 ? given : null
  const spatial = last ? shape.slice(1, -1) : shape.slice(2)
  return [tensor(call.dtype(0), [...shape.slice(0, 1), channels, ...spatial])]
}

/** Out of blocks; `channels` are those that are no padding. */
const reorderOutput: ShapeRule = (call) => {
  const shape = call.shape(0)
  if (shape === null) return [tensor(call.dtype(0), null)]
  const channels = call.int('channels', 0)
  const [batch, spatial] = [shape.slice(0, 1), shape.slice(2)]
  const last = call.int('channels_last', 0) !== 0
  return [
    tensor(
      call.dtype(0),
      last ? [...batch, ...spatial, channels] : [...batch, channels, ...spatial],
    ),
  ]
}

const upsample: ShapeRule = (call) => {
  const scales = call.ints('scales') ?? []
  const shape = call.shape(0)
  const sizes = shape?.map((size, axis) => multiply(size, scales[axis] ?? null)) ?? null
  return [tensor(call.dtype(0), sizes)]
}

export const BLOCKED_RULES: RuleTable = {
  AveragePool: pool,
  Conv: convRule(0, 1, (call) => call.dtype(0)),
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  MaxPool: pool,
  ReorderInput: reorderInput,
  ReorderOutput: reorderOutput,
  Upsample: upsample,
}

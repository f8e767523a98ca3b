// Attention: the standard operators and the runtime's.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import { like, sameAsFirst } from './elementwise.ts'
import { ofRank, tensor } from './fact.ts'
import type { MaybeSize } from './symbols.ts'
import { add, exactDivide, multiply } from './symbols.ts'

interface Heads {
  readonly batch: MaybeSize
  readonly count: MaybeSize
  readonly length: MaybeSize
  readonly size: MaybeSize
}

/** [batch, heads, length, size], or [batch, length, heads·size] with the number of heads as an attribute. */
function headsOf(call: Call, index: number, attribute: string): Heads | null {
  const shape = call.shape(index)
  if (shape === null) return null
  if (shape.length === 4) {
    const [batch = null, count = null, length = null, size = null] = shape
    return { batch, count, length, size }
  }
  if (shape.length !== 3) return null
  const count = call.int(attribute, 0)
  const [batch = null, length = null, hidden = null] = shape
  return { batch, count, length, size: exactDivide(hidden, count) }
}

/** Attention (opset 23). Outputs: Y, present key, present value, scores. */
const attention: ShapeRule = (call) => {
  const query = headsOf(call, 0, 'q_num_heads')
  const key = headsOf(call, 1, 'kv_num_heads')
  const value = headsOf(call, 2, 'kv_num_heads')
  const dtype = call.dtype(0)
  if (query === null || key === null || value === null) return [ofRank(dtype, call.rank(0))]
  const packed = call.rank(0) === 3
  const past = call.has(4) ? call.dim(4, 2) : 0
  const total = add(past, key.length)
  const result = packed
    ? [query.batch, query.length, multiply(query.count, value.size)]
    : [query.batch, query.count, query.length, value.size]
  return [
    tensor(dtype, result),
    tensor(call.dtype(1), [key.batch, key.count, total, key.size]),
    tensor(call.dtype(2), [value.batch, value.count, total, value.size]),
    tensor(dtype, [query.batch, query.count, query.length, total]),
  ]
}

/** LinearAttention: query, key and value packed as [batch, length, heads·size]; the second output is the state. */
const linearAttention: ShapeRule = (call) => {
  const value = headsOf(call, 2, 'kv_num_heads')
  const query = headsOf(call, 0, 'q_num_heads')
  const hidden = value === null || query === null ? null : multiply(query.count, value.size)
  const result = tensor(call.dtype(0), [call.dim(0, 0), call.dim(0, 1), hidden])
  const key = headsOf(call, 1, 'kv_num_heads')
  const state = [call.dim(0, 0), value?.count ?? null, key?.size ?? null, value?.size ?? null]
  return [result, tensor(call.has(3) ? call.dtype(3) : call.dtype(0), state)]
}

export const ATTENTION_RULES: RuleTable = {
  Attention: attention,
  LinearAttention: linearAttention,
  RotaryEmbedding: sameAsFirst,
}

/** ai.onnx.preview FlexAttention: [batch, heads, length, size] throughout. */
const flexAttention: ShapeRule = (call) => [
  tensor(call.dtype(0), [call.dim(0, 0), call.dim(0, 1), call.dim(0, 2), call.dim(2, 3)]),
]

export const PREVIEW_ATTENTION_RULES: RuleTable = { FlexAttention: flexAttention }

/** com.microsoft Attention: [batch, length, in] × [in, q + k + v]. */
const packedAttention: ShapeRule = (call) => {
  const sizes = call.ints('qkv_hidden_sizes')
  const hidden = sizes === null ? exactDivide(call.dim(1, 1), 3) : (sizes[2] ?? null)
  const result = tensor(call.dtype(0), [call.dim(0, 0), call.dim(0, 1), hidden])
  return [result, ofRank(call.dtype(0), 5)]
}

/** Query [batch, length, hidden] or packed [batch, length, heads, 3, size]; value packed, per head, or inside the key. */
const multiHeadAttention: ShapeRule = (call) => {
  const query = call.shape(0)
  const [batch, length] = [call.dim(0, 0), call.dim(0, 1)]
  const dtype = call.dtype(0)
  const present = [ofRank(dtype, 4), ofRank(dtype, 4)]
  if (query === null) return [ofRank(dtype, 3), ...present]
  if (query.length === 5) {
    return [tensor(dtype, [batch, length, multiply(call.dim(0, 2), call.dim(0, 4))]), ...present]
  }
  const value = call.shape(2)
  let hidden: MaybeSize = null
  if (!call.has(2)) hidden = call.dim(0, 2)
  else if (value?.length === 3) hidden = call.dim(2, 2)
  else if (value?.length === 4) hidden = multiply(call.dim(2, 1), call.dim(2, 3))
  return [tensor(dtype, [batch, length, hidden]), ...present]
}

/** Without a key the query holds all three: hidden = size·(heads + 2·key heads). */
const groupQueryAttention: ShapeRule = (call) => {
  const [heads, keyHeads] = [call.int('num_heads', 0), call.int('kv_num_heads', 0)]
  const whole = call.dim(0, 2)
  const size = exactDivide(whole, call.has(1) ? heads : heads + 2 * keyHeads)
  const dtype = call.dtype(0)
  const present = tensor(dtype, [call.dim(0, 0), keyHeads, null, size])
  return [tensor(dtype, [call.dim(0, 0), call.dim(0, 1), multiply(size, heads)]), present, present]
}

const qAttention: ShapeRule = (call) => [
  tensor(call.dtype(3), [call.dim(0, 0), call.dim(0, 1), exactDivide(call.dim(1, 1), 3)]),
]

export const CONTRIB_ATTENTION_RULES: RuleTable = {
  Attention: packedAttention,
  GroupQueryAttention: groupQueryAttention,
  MultiHeadAttention: multiHeadAttention,
  QAttention: qAttention,
  RotaryEmbedding: (call) => [like(call)],
}

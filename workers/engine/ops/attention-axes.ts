// Axes of attention as one operator: heads, and positions within them, of queries and keys on the one hand and of values on the other.

import type { AxesRule, AxisContext, AxisLabels } from './axis-context.ts'
import { fromFront, inputShape, outputShape } from './pass-axes.ts'
import { tieVectorInputs } from './vector-axes.ts'

const ATTENDED = 'attended over'

interface Heads {
  readonly heads: AxisLabels
  readonly within: AxisLabels
}

/** [B, H, S, D], or [B, S, H·D] and how many heads there are. */
function headsOf(context: AxisContext, index: number, count: number): Heads | 'unknown' {
  const shape = inputShape(context, index)
  if (shape.length === 4) return { heads: context.input(index, 1), within: context.input(index, 3) }
  if (shape.length !== 3 || count < 1) return 'unknown'
  const hidden = context.input(index, 2)
  const [heads, within] = context.split(hidden, [count, hidden.size / count])
  return heads === undefined || within === undefined ? 'unknown' : { heads, within }
}

/** Query heads are (key heads, repeats). */
function tieHeads(context: AxisContext, queries: AxisLabels, keys: AxisLabels): void {
  if (queries.size === keys.size) return context.tie(queries, keys)
  const [shared] = context.split(queries, [keys.size, queries.size / keys.size])
  if (shared !== undefined) context.tie(shared, keys)
}

function sequenceAxis(context: AxisContext, index: number): number {
  return inputShape(context, index).length === 4 ? 2 : 1
}

interface Attention {
  readonly queryHeads: string
  readonly keyHeads: string
  /** The input that masks scores, where it has axes of its own. */
  readonly mask: number | 'none'
  /** Inputs that may be there; with others nothing is followed. */
  readonly known: readonly number[]
}

/**
 * Scores are sums over the positions of queries and keys, and stay over the sequence. A pass that writes the scale down has to go
 * before: by default it follows the size of a head.
 */
function follow(context: AxisContext, { queryHeads, keyHeads, mask, known }: Attention): void {
  const { node } = context
  const others = [...node.inputs.keys()].filter((index) => !known.includes(index))
  const hasOthers = others.some((index) => node.input(index) !== null)
  const hasCaches = node.outputs.some((output, index) => index > 0 && output !== null)
  if (hasOthers || hasCaches || !node.attributes.has('scale')) return
  const queryCount = node.int(queryHeads, 0)
  const keyCount = node.int(keyHeads, queryCount)
  const query = headsOf(context, 0, queryCount)
  const [key, value] = [headsOf(context, 1, keyCount), headsOf(context, 2, keyCount)]
  if (query === 'unknown' || key === 'unknown' || value === 'unknown') return
  context.tie(query.within, key.within)
  context.tie(key.heads, value.heads)
  tieHeads(context, query.heads, key.heads)
  for (const index of [1, 2]) {
    context.freeze(context.input(index, sequenceAxis(context, index)), ATTENDED)
    context.freeze(context.input(index, 0), 'batch')
  }
  if (mask !== 'none') passMask(context, mask, query.heads)
  const rank = outputShape(context, 0).length
  context.output(0, 0, context.input(0, 0))
  context.output(0, rank === 4 ? 2 : 1, context.input(0, sequenceAxis(context, 0)))
  if (rank === 4) {
    context.output(0, 1, query.heads)
    context.output(0, 3, value.within)
  } else context.output(0, 2, context.merge([query.heads, value.within]))
  if (node.attributes.has(queryHeads)) {
    context.rewrite({ kind: 'count', attribute: queryHeads, axis: query.heads })
  }
  if (node.attributes.has(keyHeads) && keyHeads !== queryHeads) {
    context.rewrite({ kind: 'count', attribute: keyHeads, axis: key.heads })
  }
}

/** […, H, S, T], of which leading axes may be missing or of size 1. */
function passMask(context: AxisContext, index: number, heads: AxisLabels): void {
  const shape = inputShape(context, index)
  const place = shape.length - 3
  if (place >= 0 && shape[place] === heads.size && heads.size > 1) {
    context.tie(context.input(index, place), heads)
  }
}

export const attentionAxes: AxesRule = (context) =>
  follow(context, {
    queryHeads: 'q_num_heads',
    keyHeads: 'kv_num_heads',
    mask: 3,
    known: [0, 1, 2, 3],
  })

/** com.microsoft: one number of heads for all three; scores may be given a bias of shape [B, H, S, T]. */
export const multiHeadAttentionAxes: AxesRule = (context) =>
  follow(context, { queryHeads: 'num_heads', keyHeads: 'num_heads', mask: 5, known: [0, 1, 2, 5] })

/** com.microsoft: one weight [D, 3·H·P] for queries, keys and values. Whole heads may go. */
export const fusedAttentionAxes: AxesRule = (context) => {
  const { node } = context
  const weight = context.input(1, 1)
  const count = node.int('num_heads', 0)
  const isPlain = node.inputs.every((input, index) => index < 3 || input === null)
  const hasSizes = node.attributes.has('qkv_hidden_sizes')
  if (!isPlain || hasSizes || count < 1 || node.outputs.length > 1) return
  const [three, heads, within] = context.split(weight, [3, count, weight.size / count / 3])
  if (three === undefined || heads === undefined || within === undefined) return
  context.freeze(three, 'queries, keys and values')
  context.freeze(within, 'positions of a head')
  context.tie(context.input(0, 2), context.input(1, 0))
  tieVectorInputs(context, [2], weight)
  context.output(0, 2, context.merge([heads, within]))
  context.rewrite({ kind: 'count', attribute: 'num_heads', axis: heads })
}

/** Positions are rotated in pairs: halves with each other, or neighbours. */
export const rotaryAxes: AxesRule = (context) => {
  const { node } = context
  const count = node.int('num_heads', 0)
  const input = headsOf(context, 0, count)
  if (input === 'unknown') return
  const { heads, within } = input
  const half = within.size / 2
  const isWhole = [0, within.size].includes(node.int('rotary_embedding_dim', 0))
  if (!isWhole) context.freeze(within, 'rotated in part')
  else tiePairs(context, within, half)
  const rank = inputShape(context, 0).length
  for (const axis of Array.from({ length: rank }, (_, at) => at)) {
    context.output(0, axis, context.input(0, fromFront(axis, rank)))
  }
  if (count > 0) context.rewrite({ kind: 'count', attribute: 'num_heads', axis: heads })
}

function tiePairs(context: AxisContext, within: AxisLabels, half: number): void {
  let pairs: AxisLabels
  if (context.node.int('interleaved', 0) === 1) {
    const [rows, sides] = context.split(within, [half, 2])
    if (rows === undefined || sides === undefined) return
    context.freeze(sides, 'both sides of a pair')
    pairs = rows
  } else {
    const places = Array.from({ length: half }, (_, place) => place)
    pairs = context.pick(within, places)
    context.tie(
      pairs,
      context.pick(
        within,
        places.map((place) => place + half),
      ),
    )
  }
  for (const index of [1, 2]) context.tie(context.input(index, -1), pairs)
}

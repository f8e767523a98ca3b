// Inner values of the student compared with inner values of its teacher.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Graph } from '#src/onnx/ir/graph'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from '../../ops/gradient-builder.ts'
import { fromFront } from '../../ops/pass-axes.ts'
import { uniform } from '../sample-order.ts'
import { meanCosineDistance } from './cosine-distance.ts'
import type { HintAdapter, HintTerm } from './loss-term.ts'
import type { WholeBatch } from './whole-batch.ts'
import { meanSquare } from './whole-batch.ts'

const LEAST = 1e-12

export function hint(
  g: GradientBuilder,
  graph: Graph,
  term: HintTerm,
  own: Value,
  wanted: Value,
  whole: WholeBatch,
): Value {
  const rank = g.shape(own)?.length ?? 2
  const axis = fromFront(term.axis, rank)
  if (term.compare === 'attention') return attention(g, own, wanted, axis, rank)
  const adapted = term.adapter === 'none' ? own : adapt(g, graph, own, term.adapter, { axis, rank })
  if (term.compare === 'cosine') return meanCosineDistance(g, adapted, wanted, axis, own)
  const difference = g.sub(adapted, wanted)
  const size =
    whole(meanSquare(wanted.name, LEAST)) ??
    g.op('Max', [mean(g, g.mul(wanted, wanted)), g.scalar(LEAST, own)])
  return g.div(mean(g, g.mul(difference, difference)), size)
}

/** ‖q ÷ ‖q‖ − t ÷ ‖t‖‖², mean over samples; q and t are the sums of squares over the channels, as one vector each. */
function attention(
  g: GradientBuilder,
  own: Value,
  wanted: Value,
  axis: number,
  rank: number,
): Value {
  const map = (value: Value): Value => {
    const sums = g.reduceSum(g.mul(value, value), [axis], false)
    const row = rank > 3 ? g.op('Flatten', [sums], [intAttribute('axis', 1)]) : sums
    const squares = g.reduceSum(g.mul(row, row), [1], true)
    return g.div(row, g.op('Sqrt', [g.op('Max', [squares, g.scalar(LEAST, own)])]))
  }
  const difference = g.sub(map(own), map(wanted))
  return mean(g, g.reduceSum(g.mul(difference, difference), [1], false))
}

/** Channels last: a product with [from, to]; else a convolution with [to, from, 1, …]. */
function adapt(
  g: GradientBuilder,
  graph: Graph,
  own: Value,
  adapter: HintAdapter,
  { axis, rank }: { readonly axis: number; readonly rank: number },
): Value {
  const { name, from, to } = adapter
  const isLast = axis === rank - 1
  const dims = isLast ? [from, to] : [to, from, ...Array<number>(rank - 2).fill(1)]
  const weight =
    graph.initializers.get(name) ??
    graph.addInitializer(typedTensor(name, 'float32', dims, firstElements(adapter)))
  return isLast ? g.matmul(own, weight) : g.op('Conv', [own, weight])
}

/** As many channels start as they are; else at random, evenly within ±1 ÷ √from. */
function firstElements({ from, to, seed }: HintAdapter): Float32Array {
  const next = uniform(seed)
  return Float32Array.from({ length: from * to }, (_, index) => {
    if (from === to) return Math.floor(index / to) === index % to ? 1 : 0
    return (2 * next() - 1) / Math.sqrt(from)
  })
}

function mean(g: GradientBuilder, value: Value): Value {
  return g.op('ReduceMean', [value], [intAttribute('keepdims', 0)])
}

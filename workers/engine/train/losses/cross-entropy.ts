// Cross-entropy with the true class, as integers; classes that do not exist, such as −1, count for nothing.

import { intAttribute } from '#src/onnx/ir/attribute'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from '../../ops/gradient-builder.ts'
import { fromFront } from '../../ops/pass-axes.ts'
import type { CrossEntropyTerm } from './loss-term.ts'
import type { WholeBatch } from './whole-batch.ts'
import { knownShare } from './whole-batch.ts'

/** With C classes and smoothing s: q = (1 − s)·[class] + s ÷ C; the mean is over the samples that have a class. */
export function crossEntropy(
  g: GradientBuilder,
  term: Pick<CrossEntropyTerm, 'axis' | 'smoothing'>,
  logits: Value,
  labels: Value,
  whole: WholeBatch,
): Value {
  const rank = g.shape(logits)?.length ?? 2
  const axis = fromFront(term.axis, rank)
  const log = g.op('LogSoftmax', [logits], [intAttribute('axis', axis)])
  const known = oneHot(g, logits, labels, axis, rank)
  const share = whole(knownShare(labels.name, g.shape(logits)?.[axis] ?? null))
  // In a batch without any class the loss is 0.
  const count =
    share === null
      ? g.op('Max', [total(g, known), g.scalar(1, logits)])
      : g.mul(share, g.castLike(g.op('Size', [labels]), logits))
  const picked = total(g, g.mul(known, log))
  if (term.smoothing === 0) return g.neg(g.div(picked, count))
  const isKnown = g.reduceSum(known, [axis], true)
  const spread = total(g, g.mul(isKnown, g.reduceMean(log, [axis], true)))
  const sum = g.add(
    g.mul(picked, g.scalar(1 - term.smoothing, logits)),
    g.mul(spread, g.scalar(term.smoothing, logits)),
  )
  return g.neg(g.div(sum, count))
}

function oneHot(g: GradientBuilder, logits: Value, labels: Value, axis: number, rank: number) {
  const sizes = (start: number, end: number) =>
    g.op('Shape', [logits], [intAttribute('start', start), intAttribute('end', end)])
  const before = sizes(0, axis)
  const shape =
    axis === rank - 1
      ? before
      : g.op('Concat', [before, sizes(axis + 1, rank)], [intAttribute('axis', 0)])
  const whole = g.op('Cast', [labels], [intAttribute('to', DATA_TYPES.int64.code)])
  const shaped = g.op('Reshape', [whole, shape])
  // OneHot counts −1 from the last class: what is no class becomes one behind the last.
  const classes = sizes(axis, axis + 1)
  const isNone = g.op('Less', [shaped, g.int(0)])
  const index = g.op('Where', [isNone, classes, shaped])
  const values = g.tensor([2], [0, 1], logits)
  return g.op('OneHot', [index, classes, values], [intAttribute('axis', axis)])
}

function total(g: GradientBuilder, value: Value): Value {
  return g.op('ReduceSum', [value], [intAttribute('keepdims', 0)])
}

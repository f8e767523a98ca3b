// What a student misses of its teacher's distribution.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from '../../ops/gradient-builder.ts'
import { fromFront } from '../../ops/pass-axes.ts'
import type { DivergenceTerm } from './loss-term.ts'

/** T²·mean Σ p·(log p − log q) with p = softmax(teacher ÷ T), q = softmax(student ÷ T): T² keeps the gradients' size. */
export function divergence(
  g: GradientBuilder,
  { axis, temperature }: DivergenceTerm,
  logits: Value,
  teacher: Value,
): Value {
  const classes = fromFront(axis, g.shape(logits)?.length ?? 2)
  const softened = (value: Value): Value => {
    const scaled = temperature === 1 ? value : g.div(value, g.scalar(temperature, logits))
    return g.op('LogSoftmax', [scaled], [intAttribute('axis', classes)])
  }
  const [log, wanted] = [softened(logits), softened(teacher)]
  const each = g.mul(g.op('Exp', [wanted]), g.sub(wanted, log))
  const mean = g.op(
    'ReduceMean',
    [g.reduceSum(each, [classes], false)],
    [intAttribute('keepdims', 0)],
  )
  return g.mul(mean, g.scalar(temperature ** 2, logits))
}

// Quantization as arithmetic that gradients pass through: ŷ = s·r, r = round(clip(x ÷ s, low, high)), where rounding counts as the
// identity (straight-through estimator, Bengio, Léonard, Courville 2013). The rules of product and quotient then give
//   ∂ŷ/∂x = 1 inside and 0 outside of the bounds;   ∂ŷ/∂s = r − x ÷ s inside, the bound outside,
// the gradients of learned step size quantization (Esser et al. 2020, equations 3 and 5).

import type { Value } from '#src/onnx/ir/value'
import { makeNode } from '#src/onnx/ir/node'
import type { ConstantStore } from '../constant-store.ts'

/**
 * Added to a float32 of up to 2²² and taken away again, it leaves the nearest integer, of two the even one, as QuantizeLinear
 * does: the sum has no bits left below 1. Unlike Round, a sum has a gradient, which is 1.
 */
const INTEGERS_ONLY = 1.5 * 2 ** 23

export interface Bounds {
  readonly low: number
  readonly high: number
}

/** r for operands of any shapes that broadcast; nodes are appended at the end of the graph. */
export function roundedQuotient(
  store: ConstantStore,
  value: Value,
  step: Value,
  { low, high }: Bounds,
): Value {
  const scalar = (element: number): Value => store.float32(Float32Array.of(element), [])
  const quotient = append(store, 'Div', [value, step])
  const cut = append(store, 'Clip', [quotient, scalar(low), scalar(high)])
  const raised = append(store, 'Add', [cut, scalar(INTEGERS_ONLY)])
  return append(store, 'Sub', [raised, scalar(INTEGERS_ONLY)])
}

/** One operator with one output. */
export function append(store: ConstantStore, opType: string, inputs: readonly Value[]): Value {
  const node = store.graph.append(makeNode(opType, inputs, [store.name('f')]))
  const output = node.output(0)
  if (output === null) throw new Error(`${opType} has one output`)
  return output
}

/** The same in numbers: half to even. */
export function roundHalfEven(value: number): number {
  const raised = Math.fround(Math.fround(value) + INTEGERS_ONLY)
  return raised - INTEGERS_ONLY
}

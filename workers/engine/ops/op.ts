// What every algorithm knows about an operator. One value per operator; every slot is answered, absence is a word.

import type { Node } from '#src/onnx/ir/node'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import type { AxesRule } from './axis-context.ts'
import type { GradientRule } from './gradient-call.ts'
import type { QuantizationRule } from './integer-kernel.ts'

/** What is known of the values around a node: types with symbolic shapes, and constants. */
export type Facts = Pick<TypeInference, 'type' | 'constant'>

/** Multiply–accumulates of one run, from shapes; `null` where a size is not known. `none`: the operator has none. */
export type MacsRule = 'none' | ((node: Node, facts: Facts) => number | null)

/**
 * Inputs that scale the last axis of the result: multiplying them by a factor per index multiplies the result by it. `none`:
 * there are none.
 */
export type AffineRule = 'none' | readonly number[]

export interface OpRule {
  readonly macs: MacsRule
  readonly axes: AxesRule
  readonly gradient: GradientRule
  readonly quantization: QuantizationRule
  readonly affine: AffineRule
}

/** An operator that is several operators in one, told apart by a string attribute. */
export interface RuleByAttribute {
  readonly attribute: string
  /** The value of a node without the attribute. */
  readonly fallback: string
  readonly rules: Readonly<Record<string, OpRule>>
}

/** Rules of one family, by operator. */
export type OpTable = Readonly<Record<string, OpRule | RuleByAttribute>>

/** The same rule for each of the operators. */
export function sameRule(operators: readonly string[], rule: OpRule): OpTable {
  return Object.fromEntries(operators.map((operator) => [operator, rule]))
}

/** No concern says anything about it: its axes stay as they are, it is not trained through, and it computes in float. */
export const OPAQUE: OpRule = {
  macs: 'none',
  axes: 'opaque',
  gradient: 'none',
  quantization: 'float',
  affine: 'none',
}

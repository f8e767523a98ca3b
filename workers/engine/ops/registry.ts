// The one table that every algorithm reads.

import type { Node } from '#src/onnx/ir/node'
import { ACTIVATION_OPS } from './activation.ts'
import { CONV_OPS } from './conv.ts'
import { BINARY_OPS } from './elementwise-binary.ts'
import { UNARY_OPS } from './elementwise-unary.ts'
import { LOGIC_OPS } from './logic.ts'
import { MATMUL_OPS } from './matmul.ts'
import type { OpRule, OpTable } from './op.ts'
import { POOLING_OPS } from './pooling.ts'
import { REDUCTION_OPS } from './reduction.ts'
import { SHAPE_OPS } from './shape.ts'
import { SOFTMAX_OPS } from './softmax.ts'

const FAMILIES: Readonly<Record<string, readonly OpTable[]>> = {
  '': [
    ACTIVATION_OPS,
    BINARY_OPS,
    CONV_OPS,
    LOGIC_OPS,
    MATMUL_OPS,
    POOLING_OPS,
    REDUCTION_OPS,
    SHAPE_OPS,
    SOFTMAX_OPS,
    UNARY_OPS,
  ],
}

/**
 * Families as one table.
 * @throws Error when two of them claim an operator
 */
export function mergeFamilies(families: readonly OpTable[]): ReadonlyMap<string, OpRule> {
  const merged = new Map<string, OpRule>()
  for (const family of families) {
    for (const [operator, rule] of Object.entries(family)) {
      if (merged.has(operator)) throw new Error(`two families have a rule for ${operator}`)
      merged.set(operator, rule)
    }
  }
  return merged
}

const REGISTRY: ReadonlyMap<string, ReadonlyMap<string, OpRule>> = new Map(
  Object.entries(FAMILIES).map(([domain, families]) => [domain, mergeFamilies(families)]),
)

const NOTHING: ReadonlyMap<string, OpRule> = new Map()

/** Operators with a rule, by domain; the empty string is `ai.onnx`. */
export function ruledOperators(domain: string): ReadonlyMap<string, OpRule> {
  return REGISTRY.get(domain === 'ai.onnx' ? '' : domain) ?? NOTHING
}

/** The rule of a node's operator; `unknown` for operators and domains without one. */
export function opRule(node: Pick<Node, 'domain' | 'opType'>): OpRule | 'unknown' {
  return ruledOperators(node.domain).get(node.opType) ?? 'unknown'
}

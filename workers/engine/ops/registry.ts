// The one table that every algorithm reads.

import type { Node } from '#src/onnx/ir/node'
import { ACTIVATION_OPS } from './activation.ts'
import { ATTENTION_OPS } from './attention.ts'
import { CONTRIB_OPS } from './contrib.ts'
import { CONTROL_FLOW_OPS } from './control-flow.ts'
import { CONV_OPS } from './conv.ts'
import { DEPTH_TO_SPACE_OPS } from './depth-to-space.ts'
import { BINARY_OPS } from './elementwise-binary.ts'
import { UNARY_OPS } from './elementwise-unary.ts'
import { GENERATION_OPS } from './generation.ts'
import { INDEXING_OPS } from './indexing.ts'
import { JOINING_OPS } from './joining.ts'
import { LOGIC_OPS } from './logic.ts'
import { MATMUL_OPS } from './matmul.ts'
import { NORMALIZATION_OPS } from './normalization.ts'
import { POOLING_OPS } from './pooling.ts'
import { QUANTIZATION_OPS } from './quantization.ts'
import { RECURRENT_OPS } from './recurrent.ts'
import { REDUCTION_OPS } from './reduction.ts'
import { RESIZE_OPS } from './resize.ts'
import { SHAPE_OPS } from './shape.ts'
import { SIGNAL_OPS } from './signal.ts'
import { SOFTMAX_OPS } from './softmax.ts'
import { TEXT_OPS } from './text.ts'
import { TRAINING_OPS } from './training.ts'
import type { OpRule, OpTable, RuleByAttribute } from './op.ts'

const FAMILIES: Readonly<Record<string, readonly OpTable[]>> = {
  '': [
    ACTIVATION_OPS,
    ATTENTION_OPS,
    BINARY_OPS,
    CONTROL_FLOW_OPS,
    CONV_OPS,
    DEPTH_TO_SPACE_OPS,
    GENERATION_OPS,
    INDEXING_OPS,
    JOINING_OPS,
    LOGIC_OPS,
    MATMUL_OPS,
    NORMALIZATION_OPS,
    POOLING_OPS,
    QUANTIZATION_OPS,
    RECURRENT_OPS,
    REDUCTION_OPS,
    RESIZE_OPS,
    SHAPE_OPS,
    SIGNAL_OPS,
    SOFTMAX_OPS,
    TEXT_OPS,
    TRAINING_OPS,
    UNARY_OPS,
  ],
  'com.microsoft': [CONTRIB_OPS],
}

type Entry = OpRule | RuleByAttribute

/**
 * Families as one table.
 * @throws Error when two of them claim an operator
 */
export function mergeFamilies(families: readonly OpTable[]): ReadonlyMap<string, Entry> {
  const merged = new Map<string, Entry>()
  for (const family of families) {
    for (const [operator, entry] of Object.entries(family)) {
      if (merged.has(operator)) throw new Error(`two families have a rule for ${operator}`)
      merged.set(operator, entry)
    }
  }
  return merged
}

const REGISTRY: ReadonlyMap<string, ReadonlyMap<string, Entry>> = new Map(
  Object.entries(FAMILIES).map(([domain, families]) => [domain, mergeFamilies(families)]),
)

const NOTHING: ReadonlyMap<string, Entry> = new Map()

/** Domains with rules; the empty string is `ai.onnx`. */
export function ruledDomains(): string[] {
  return [...REGISTRY.keys()]
}

/** Operators of a domain with what is known of them. */
export function ruledOperators(domain: string): ReadonlyMap<string, Entry> {
  return REGISTRY.get(domain === 'ai.onnx' ? '' : domain) ?? NOTHING
}

/** The rule of a node's operator; `unknown` for operators and domains without one. */
export function opRule(node: Node): OpRule | 'unknown' {
  const entry = ruledOperators(node.domain).get(node.opType)
  if (entry === undefined) return 'unknown'
  if (!('rules' in entry)) return entry
  return entry.rules[node.string(entry.attribute, entry.fallback)] ?? 'unknown'
}

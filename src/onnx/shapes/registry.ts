// The table of shape rules by domain and operator.

import { ARITHMETIC_RULES } from './arithmetic.ts'
import { ATTENTION_RULES, PREVIEW_ATTENTION_RULES } from './attention.ts'
import type { RuleTable, ShapeRule } from './call.ts'
import { CASTING_RULES } from './casting.ts'
import { CLASSICAL_RULES } from './classical.ts'
import { BLOCKED_RULES } from './contrib-blocked.ts'
import { CONTRIB_RULES } from './contrib.ts'
import { CONTROL_FLOW_RULES } from './control-flow.ts'
import { CONV_RULES } from './conv.ts'
import { EINSUM_RULES } from './einsum.ts'
import { ELEMENTWISE_RULES } from './elementwise.ts'
import { GENERATION_RULES } from './generation.ts'
import { IMAGE_RULES } from './image.ts'
import { INDEXING_RULES } from './indexing.ts'
import { LAYOUT_RULES } from './layout.ts'
import { MATMUL_RULES } from './matmul.ts'
import { NORMALIZATION_RULES } from './normalization.ts'
import { POOLING_RULES } from './pooling.ts'
import { QUANTIZATION_RULES } from './quantization.ts'
import { RECURRENT_RULES } from './recurrent.ts'
import { REDUCTION_RULES } from './reduction.ts'
import { RESIZE_RULES } from './resize.ts'
import { SCATTER_RULES } from './scatter.ts'
import { SEQUENCE_RULES } from './sequence.ts'
import { SHAPE_RULES } from './shape.ts'
import { SIGNAL_RULES } from './signal.ts'
import { SLICE_RULES } from './slice.ts'
import { TEXT_RULES } from './text.ts'
import { LOSS_RULES, PREVIEW_TRAINING_RULES } from './training.ts'

const STANDARD_RULES: RuleTable = {
  ...ARITHMETIC_RULES,
  ...ATTENTION_RULES,
  ...CASTING_RULES,
  ...CONTROL_FLOW_RULES,
  ...CONV_RULES,
  ...EINSUM_RULES,
  ...ELEMENTWISE_RULES,
  ...GENERATION_RULES,
  ...IMAGE_RULES,
  ...INDEXING_RULES,
  ...LAYOUT_RULES,
  ...LOSS_RULES,
  ...MATMUL_RULES,
  ...NORMALIZATION_RULES,
  ...POOLING_RULES,
  ...QUANTIZATION_RULES,
  ...RECURRENT_RULES,
  ...REDUCTION_RULES,
  ...RESIZE_RULES,
  ...SCATTER_RULES,
  ...SEQUENCE_RULES,
  ...SHAPE_RULES,
  ...SIGNAL_RULES,
  ...SLICE_RULES,
  ...TEXT_RULES,
}

const DOMAINS: ReadonlyMap<string, ReadonlyMap<string, ShapeRule>> = new Map(
  Object.entries({
    '': STANDARD_RULES,
    'ai.onnx': STANDARD_RULES,
    'ai.onnx.ml': CLASSICAL_RULES,
    'ai.onnx.preview': PREVIEW_ATTENTION_RULES,
    'ai.onnx.preview.training': PREVIEW_TRAINING_RULES,
    'com.microsoft': CONTRIB_RULES,
    'com.microsoft.nchwc': BLOCKED_RULES,
  }).map(([domain, rules]) => [domain, new Map(Object.entries(rules))]),
)

/** The rule of an operator, or `null` when there is none: its outputs stay unknown. */
export function ruleOf(domain: string, opType: string): ShapeRule | null {
  return DOMAINS.get(domain)?.get(opType) ?? null
}

/** Operators that have a rule, by domain. */
export function ruledOperators(domain: string): string[] {
  return [...(DOMAINS.get(domain)?.keys() ?? [])].sort()
}

// Attention as one operator.

import type { OpTable } from './op.ts'
import { OPAQUE, sameRule } from './op.ts'

export const ATTENTION_OPS: OpTable = sameRule(['Attention', 'RotaryEmbedding'], OPAQUE)

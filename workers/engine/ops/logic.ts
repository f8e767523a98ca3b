// Comparisons and logic: booleans out, nothing to differentiate.

import { sameRule } from './op.ts'
import type { OpTable } from './op.ts'

export const LOGIC_OPS: OpTable = sameRule(
  [
    'And',
    'Equal',
    'Greater',
    'GreaterOrEqual',
    'IsInf',
    'IsNaN',
    'Less',
    'LessOrEqual',
    'Not',
    'Or',
    'Xor',
  ],
  { macs: 'none', axes: 'same', gradient: 'zero', quantization: 'float', affine: 'none' },
)

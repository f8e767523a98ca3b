// Operators with graphs inside, sequences and optional values: names captured by inner graphs stay as they are.

import type { OpTable } from './op.ts'
import { OPAQUE, sameRule } from './op.ts'

export const CONTROL_FLOW_OPS: OpTable = {
  ...sameRule(['If', 'Loop', 'Scan', 'SequenceMap'], OPAQUE),
  ...sameRule(
    [
      'ConcatFromSequence',
      'Optional',
      'OptionalGetElement',
      'SequenceAt',
      'SequenceConstruct',
      'SequenceEmpty',
      'SequenceErase',
      'SequenceInsert',
      'SplitToSequence',
    ],
    OPAQUE,
  ),
  ...sameRule(['OptionalHasElement', 'SequenceLength'], { ...OPAQUE, gradient: 'zero' }),
}

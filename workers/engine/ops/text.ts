// Text, encoded images, and bits seen as another type.

import type { OpTable } from './op.ts'
import { OPAQUE, sameRule } from './op.ts'

export const TEXT_OPS: OpTable = sameRule(
  [
    'BitCast',
    'ImageDecoder',
    'RegexFullMatch',
    'StringConcat',
    'StringNormalizer',
    'StringSplit',
    'TfIdfVectorizer',
  ],
  { ...OPAQUE, gradient: 'zero' },
)

// Strings.

import type { RuleTable, ShapeRule } from './call.ts'
import { tensor } from './fact.ts'
import type { MaybeSize } from './symbols.ts'

/** [C] or [1, C] with stop words taken out. */
const stringNormalizer: ShapeRule = (call) => {
  const rank = call.rank(0)
  if (rank === null) return [tensor('string', null)]
  return [tensor('string', rank === 2 ? [1, null] : [null])]
}

/** The parts of each string along a new last axis, and how many there are. */
const stringSplit: ShapeRule = (call) => {
  const shape = call.shape(0)
  return [tensor('string', shape === null ? null : [...shape, null]), tensor('int64', shape)]
}

/** [C] → [n], [N, C] → [N, n], n being the highest of `ngram_indexes` plus one. */
const tfIdf: ShapeRule = (call) => {
  const shape = call.shape(0)
  const indexes = call.ints('ngram_indexes')
  const width: MaybeSize =
    indexes === null || indexes.length === 0 ? null : Math.max(...indexes) + 1
  if (shape === null) return [tensor('float32', null)]
  return [tensor('float32', [...shape.slice(0, -1), width])]
}

export const TEXT_RULES: RuleTable = {
  StringNormalizer: stringNormalizer,
  StringSplit: stringSplit,
  TfIdfVectorizer: tfIdf,
}

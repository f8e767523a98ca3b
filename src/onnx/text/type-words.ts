// The words of the textual syntax for element types and attribute types.

import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'

/** 'float' and 'double' are ONNX's words for float32 and float64; the others are the IR's own. */
export function dtypeWord(dtype: DataType | 'none'): string {
  if (dtype === 'float32') return 'float'
  if (dtype === 'float64') return 'double'
  return dtype === 'none' ? 'undefined' : dtype
}

/** The element type that a word means, `none` for 'undefined', `null` when it is no such word. */
export function dtypeOfWord(word: string): DataType | 'none' | null {
  if (word === 'float') return 'float32'
  if (word === 'double') return 'float64'
  if (word === 'undefined') return 'none'
  return Object.hasOwn(DATA_TYPES, word) ? (word as DataType) : null
}

/** Words of attribute types, each at its code in `AttributeProto.AttributeType`. */
export const ATTRIBUTE_WORDS = [
  'undefined',
  'float',
  'int',
  'string',
  'tensor',
  'graph',
  'floats',
  'ints',
  'strings',
  'tensors',
  'graphs',
  'sparse_tensor',
  'sparse_tensors',
  'type_proto',
  'type_protos',
] as const

export type AttributeWord = (typeof ATTRIBUTE_WORDS)[number]

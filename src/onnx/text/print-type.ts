// Types in the textual syntax: see parse-type.ts.

import type { DataType } from '../ir/data-type.ts'
import type { Dim, Shape, ValueType } from '../ir/value-type.ts'
import { printName, printString } from './print-scalar.ts'
import { dtypeWord } from './type-words.ts'

/** `undefined[]` stands for a type of which nothing is known. */
export function printType(type: ValueType | null): string {
  switch (type?.kind) {
    case 'tensor':
      return printTensorType(type.dtype, type.shape)
    case 'sparse_tensor':
      return `sparse_tensor(${printTensorType(type.dtype, type.shape)})`
    case 'sequence':
      return `seq(${printType(type.element)})`
    case 'optional':
      return `optional(${printType(type.element)})`
    case 'map':
      return `map(${dtypeWord(type.key)}, ${printType(type.value)})`
    case 'opaque':
      return `opaque(${printString(type.domain)}, ${printString(type.name)})`
    case undefined:
      return 'undefined[]'
  }
}

export function printTensorType(dtype: DataType | 'none', shape: Shape): string {
  const word = dtypeWord(dtype)
  if (shape === null) return `${word}[]`
  return shape.length === 0 ? word : `${word}[${shape.map(printDim).join(', ')}]`
}

function printDim(dim: Dim): string {
  if (dim === null) return '?'
  return typeof dim === 'number' ? String(dim) : printName(dim)
}

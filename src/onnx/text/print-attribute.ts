// Attributes in the textual syntax: see parse-attribute.ts.

import type { Attribute } from '../ir/attribute.ts'
import type { Graph } from '../ir/graph.ts'
import type { SparseTensor, Tensor } from '../ir/tensor.ts'
import { printBytes, printFloat, printName } from './print-scalar.ts'
import type { PrintOptions } from './print-tensor.ts'
import { printSparseData, printTensorData } from './print-tensor.ts'
import { printTensorType, printType } from './print-type.ts'
import { ATTRIBUTE_WORDS } from './type-words.ts'

export interface AttributePrinting extends PrintOptions {
  readonly graph: (graph: Graph) => string
}

export function printAttribute(attribute: Attribute, printing: AttributePrinting): string {
  const name = printName(attribute.name)
  if (attribute.type === 'reference') {
    const word = ATTRIBUTE_WORDS[attribute.declared] ?? 'undefined'
    return `${name}: ${word} = @${printName(attribute.value)}`
  }
  const value = printValue(attribute, printing)
  return needsType(attribute) ? `${name}: ${attribute.type} = ${value}` : `${name} = ${value}`
}

/** Where the value alone does not tell the type. */
function needsType(attribute: Attribute): boolean {
  if (attribute.type === 'type_proto' || attribute.type === 'type_protos') return true
  const list = typeof attribute.value === 'object' && 'length' in attribute.value
  return attribute.type !== 'string' && list && attribute.value.length === 0
}

function printValue(attribute: Attribute, printing: AttributePrinting): string {
  const tensor = (value: Tensor) => printTensor(value, printing)
  switch (attribute.type) {
    case 'float':
      return printFloat(attribute.value)
    case 'int':
      return String(attribute.value)
    case 'string':
      return printBytes(attribute.value)
    case 'tensor':
      return tensor(attribute.value)
    case 'sparse_tensor':
      return printSparse(attribute.value, printing)
    case 'graph':
      return printing.graph(attribute.value)
    case 'type_proto':
      return printType(attribute.value)
    case 'floats':
      return list(Array.from(attribute.value, (value) => printFloat(value)))
    case 'ints':
      return list(attribute.value.map(String))
    case 'strings':
      return list(attribute.value.map(printBytes))
    case 'tensors':
      return list(attribute.value.map(tensor))
    case 'sparse_tensors':
      return list(attribute.value.map((value) => printSparse(value, printing)))
    case 'graphs':
      return list(attribute.value.map(printing.graph))
    case 'type_protos':
      return list(attribute.value.map(printType))
    case 'reference':
      return `@${attribute.value}`
  }
}

function list(items: readonly string[]): string {
  return `[${items.join(', ')}]`
}

/** The sign of equality keeps the pairs of external data apart from the dimensions. */
function printTensor(tensor: Tensor, options: PrintOptions): string {
  const name = tensor.name === '' ? '' : ` ${printName(tensor.name)}`
  const data = printTensorData(tensor, options)
  const separator = data.startsWith('[') ? ' = ' : ' '
  return `${printTensorType(tensor.dtype, tensor.dims)}${name}${separator}${data}`
}

function printSparse(sparse: SparseTensor, options: PrintOptions): string {
  const type = printTensorType(sparse.values.dtype, sparse.dims)
  return `sparse_tensor(${type}) ${printSparseData(sparse, options)}`
}

// Constants in the textual syntax: see parse-tensor.ts.

import { DATA_TYPES, isFloat } from '../ir/data-type.ts'
import type { SparseTensor, Tensor } from '../ir/tensor.ts'
import { tensorSize } from '../ir/tensor.ts'
import { elements, floatValues } from '../tensor-values.ts'
import { tensorBytes, viewAs } from '../tensor-bytes.ts'
import { printBytes, printFloat, printPairs } from './print-scalar.ts'
import { printTensorType } from './print-type.ts'

export interface PrintOptions {
  /** Constants of more elements are printed as `{...}`, which does not parse; by default all elements are printed. */
  readonly elideAbove?: number
}

export function printTensorData(tensor: Tensor, options: PrintOptions): string {
  const { storage } = tensor
  if (storage.kind === 'external' && storage.range === 'none') return printPairs(storage.entries)
  if (tensorSize(tensor) > (options.elideAbove ?? Infinity)) return '{...}'
  return `{${printElements(tensor).join(', ')}}`
}

function printElements(tensor: Tensor): string[] {
  if (tensor.dtype === 'string') {
    return tensor.storage.kind === 'string_data' ? tensor.storage.values.map(printBytes) : []
  }
  if (tensor.dtype === 'float64' || tensor.dtype === 'complex128') {
    const values = viewAs(Float64Array, tensorBytes(tensor))
    return Array.from(values, (value) => printFloat(value, 'float64'))
  }
  if (DATA_TYPES[tensor.dtype].family === 'complex') {
    return Array.from(viewAs(Float32Array, tensorBytes(tensor)), (value) => printFloat(value))
  }
  if (isFloat(tensor.dtype)) return Array.from(floatValues(tensor), (value) => printFloat(value))
  return Array.from<number | bigint, string>(elements(tensor), String)
}

export function printSparseData(sparse: SparseTensor, options: PrintOptions): string {
  const part = (tensor: Tensor) =>
    `${printTensorType(tensor.dtype, tensor.dims)} ${printTensorData(tensor, options)}`
  return `${part(sparse.values)} at ${part(sparse.indices)}`
}

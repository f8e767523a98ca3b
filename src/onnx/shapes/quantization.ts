// Quantization of single tensors.

import type { RuleTable, ShapeRule } from './call.ts'
import { dtypeAttribute } from './casting.ts'
import { tensor } from './fact.ts'

/** The zero point's type, else `output_dtype` (opset 21), else uint8. */
const quantizeLinear: ShapeRule = (call) => {
  const stated =
    call.int('output_dtype', 0) === 0 ? 'none' : dtypeAttribute(call, 'output_dtype', 'none')
  const fallback = stated === 'none' ? 'uint8' : stated
  return [tensor(call.has(2) ? call.dtype(2) : fallback, call.shape(0))]
}

/** The scale's type, unless `output_dtype` (opset 23) says otherwise. */
const dequantizeLinear: ShapeRule = (call) => {
  const stated =
    call.int('output_dtype', 0) === 0 ? 'none' : dtypeAttribute(call, 'output_dtype', 'none')
  return [tensor(stated === 'none' ? call.dtype(1) : stated, call.shape(0))]
}

const dynamicQuantizeLinear: ShapeRule = (call) => [
  tensor('uint8', call.shape(0)),
  tensor('float32', []),
  tensor('uint8', []),
]

export const QUANTIZATION_RULES: RuleTable = {
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  QuantizeLinear: quantizeLinear,
}

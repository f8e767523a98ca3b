// Inputs that a dataset can feed: tensors of numbers.

import { DATA_TYPES } from '../ir/data-type.ts'
import type { Model } from '../ir/model.ts'
import type { ValueType } from '../ir/value-type.ts'
import { OnnxError } from '../onnx-error.ts'

export function* checkInputs(model: Model): IterableIterator<OnnxError> {
  for (const value of model.graph.inputs) {
    if (value.initializer !== null) continue
    const given = unsupportedType(value.type)
    if (given === null) continue
    yield new OnnxError(
      'unsupported_input',
      `input '${value.name}' is ${given}; inputs must be tensors of numbers`,
      { tensor: value.name },
    )
  }
}

function unsupportedType(type: ValueType | null): string | null {
  if (type === null) return 'of no declared type'
  if (type.kind !== 'tensor') return `a ${type.kind.replace('_', ' ')}`
  if (type.dtype === 'none') return 'of no declared element type'
  const { family } = DATA_TYPES[type.dtype]
  return family === 'string' || family === 'complex' ? `a tensor of ${type.dtype}` : null
}

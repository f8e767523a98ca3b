// `TypeProto` → ValueType.

import { dataTypeOfCode } from '../ir/data-type.ts'
import type { Dim, TensorType, ValueType } from '../ir/value-type.ts'
import type { Message } from '../proto/schema.ts'

/** `null` when the message says nothing of the kind of type. */
export function readType(message: Message<'TypeProto'> | undefined): ValueType | null {
  if (message === undefined) return null
  const denotation = message.denotation ? { denotation: message.denotation } : {}
  if (message.tensor_type !== undefined) {
    return { ...readTensorType('tensor', message.tensor_type), ...denotation }
  }
  if (message.sparse_tensor_type !== undefined) {
    return { ...readTensorType('sparse_tensor', message.sparse_tensor_type), ...denotation }
  }
  if (message.sequence_type !== undefined) {
    const element = readType(message.sequence_type.elem_type)
    return { kind: 'sequence', element, ...denotation }
  }
  if (message.optional_type !== undefined) {
    const element = readType(message.optional_type.elem_type)
    return { kind: 'optional', element, ...denotation }
  }
  if (message.map_type !== undefined) {
    const { key_type: key, value_type: value } = message.map_type
    return { kind: 'map', key: dataTypeOfCode(key ?? 0), value: readType(value), ...denotation }
  }
  if (message.opaque_type !== undefined) {
    const { domain = '', name = '' } = message.opaque_type
    return { kind: 'opaque', domain, name, ...denotation }
  }
  return null
}

function readTensorType(kind: TensorType['kind'], message: Message<'TensorTypeProto'>): TensorType {
  const dtype = dataTypeOfCode(message.elem_type ?? 0)
  if (message.shape === undefined) return { kind, dtype, shape: null }
  const dims = message.shape.dim ?? []
  const type = { kind, dtype, shape: dims.map(readDim) }
  if (dims.every((dim) => !dim.denotation)) return type
  return { ...type, dimDenotations: dims.map((dim) => dim.denotation ?? '') }
}

/** Negative sizes stand for 'unknown' in files of some exporters. */
function readDim(message: Message<'DimensionProto'>): Dim {
  if (message.dim_value !== undefined) {
    return message.dim_value < 0n ? null : Number(message.dim_value)
  }
  return message.dim_param ? message.dim_param : null
}

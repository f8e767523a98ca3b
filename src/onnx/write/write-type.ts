// ValueType → `TypeProto`.

import { DATA_TYPES } from '../ir/data-type.ts'
import type { DataType } from '../ir/data-type.ts'
import type { Dim, TensorType, ValueType } from '../ir/value-type.ts'
import type { Message } from '../proto/schema.ts'

function codeOf(dtype: DataType | 'none'): number {
  return dtype === 'none' ? 0 : DATA_TYPES[dtype].code
}

export function typeMessage(type: ValueType): Message<'TypeProto'> {
  const denotation = type.denotation === undefined ? {} : { denotation: type.denotation }
  switch (type.kind) {
    case 'tensor':
      return { tensor_type: tensorTypeMessage(type), ...denotation }
    case 'sparse_tensor':
      return { sparse_tensor_type: tensorTypeMessage(type), ...denotation }
    case 'sequence':
      return { sequence_type: elementMessage(type.element), ...denotation }
    case 'optional':
      return { optional_type: elementMessage(type.element), ...denotation }
    case 'map': {
      const value = type.value === null ? {} : { value_type: typeMessage(type.value) }
      return { map_type: { key_type: codeOf(type.key), ...value }, ...denotation }
    }
    case 'opaque': {
      const { domain, name } = type
      return { opaque_type: { domain, name }, ...denotation }
    }
  }
}

function elementMessage(element: ValueType | null): Message<'ElementTypeProto'> {
  return element === null ? {} : { elem_type: typeMessage(element) }
}

function tensorTypeMessage(type: TensorType): Message<'TensorTypeProto'> {
  const elem_type = codeOf(type.dtype)
  if (type.shape === null) return { elem_type }
  const dim = type.shape.map((size, axis) => dimMessage(size, type.dimDenotations?.[axis]))
  return { elem_type, shape: dim.length === 0 ? {} : { dim } }
}

function dimMessage(size: Dim, denotation: string | undefined): Message<'DimensionProto'> {
  const named = denotation ? { denotation } : {}
  if (size === null) return named
  return typeof size === 'number'
    ? { dim_value: BigInt(size), ...named }
    : { dim_param: size, ...named }
}

// Cast and its relatives: another element type, the same shape.

import { dataTypeOfCode } from '../ir/data-type.ts'
import type { Call, RuleTable, ShapeRule } from './call.ts'
import { castElement } from './element.ts'
import type { DtypeOrNone, TensorFact } from './fact.ts'
import { tensor } from './fact.ts'

/** The data type that an attribute names by its enum code. */
export function dtypeAttribute(call: Call, name: string, fallback: DtypeOrNone): DtypeOrNone {
  const attribute = call.attribute(name)
  if (attribute?.type === 'int') return dataTypeOfCode(Number(attribute.value))
  if (attribute?.type === 'string') return LEGACY_NAMES[call.string(name, '')] ?? 'none'
  return fallback
}

/** Opset 1 wrote the enum's name. */
const LEGACY_NAMES: Readonly<Record<string, DtypeOrNone>> = {
  BOOL: 'bool',
  DOUBLE: 'float64',
  FLOAT: 'float32',
  FLOAT16: 'float16',
  INT32: 'int32',
  INT64: 'int64',
  INT8: 'int8',
  UINT8: 'uint8',
}

function castTo(call: Call, dtype: DtypeOrNone): TensorFact {
  const data = dtype === 'none' ? null : call.data(0)
  if (dtype === 'none' || data === null) return tensor(dtype, call.shape(0))
  return tensor(
    dtype,
    call.shape(0),
    data.elements.map((element) => castElement(element, dtype)),
  )
}

const cast: ShapeRule = (call) => [castTo(call, dtypeAttribute(call, 'to', 'none'))]

const castLike: ShapeRule = (call) => [castTo(call, call.dtype(1))]

const bitCast: ShapeRule = (call) => [tensor(dtypeAttribute(call, 'to', 'none'), call.shape(0))]

export const CASTING_RULES: RuleTable = { BitCast: bitCast, Cast: cast, CastLike: castLike }

// The schema in the form the codec runs on: fields by number, with their wire types.

import type { MessageName, PackedArrays, Scalars } from './schema.ts'
import { MESSAGES } from './schema.ts'

export const WIRE = { varint: 0, fixed64: 1, delimited: 2, groupStart: 3, groupEnd: 4, fixed32: 5 }

type Element = keyof Scalars | keyof PackedArrays | 'message'

export interface Field {
  readonly name: string
  readonly number: number
  readonly element: Element
  readonly cardinality: 'optional' | 'repeated' | 'packed'
  /** Wire type of one element. */
  readonly wire: number
  /** The element's message, for element 'message' only. */
  readonly message: MessageName | null
}

export interface FieldTable {
  readonly name: MessageName
  readonly byNumber: readonly (Field | undefined)[]
  /** Ascending by number. */
  readonly fields: readonly Field[]
}

const WIRE_OF: Record<Element, number> = {
  int32: WIRE.varint,
  int64: WIRE.varint,
  uint64: WIRE.varint,
  float: WIRE.fixed32,
  double: WIRE.fixed64,
  string: WIRE.delimited,
  bytes: WIRE.delimited,
  range: WIRE.delimited,
  message: WIRE.delimited,
}

function fieldOf(name: string, number: number, type: string): Field {
  const words = type.split(' ')
  const element = words.at(-1) ?? ''
  const cardinality = words.length === 1 ? 'optional' : (words[0] as 'repeated' | 'packed')
  if (element in MESSAGES) {
    const message = element as MessageName
    return { name, number, element: 'message', cardinality, wire: WIRE.delimited, message }
  }
  const scalar = element as Element
  return { name, number, element: scalar, cardinality, wire: WIRE_OF[scalar], message: null }
}

function tableOf(name: MessageName): FieldTable {
  const fields = Object.entries(MESSAGES[name])
    .map(([field, [number, type]]) => fieldOf(field, number, type))
    .sort((a, b) => a.number - b.number)
  const byNumber: (Field | undefined)[] = []
  for (const field of fields) byNumber[field.number] = field
  return { name, fields, byNumber }
}

const TABLES = Object.fromEntries(
  Object.keys(MESSAGES).map((name) => [name, tableOf(name as MessageName)]),
) as Record<MessageName, FieldTable>

export function fieldTable(name: MessageName): FieldTable {
  return TABLES[name]
}

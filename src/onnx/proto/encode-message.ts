// Message → bytes, fields in ascending order of their numbers, as the standard serializers write them.

import type { ByteRange } from '../ir/byte-range.ts'
import { concatenateBytes } from '../ir/byte-range.ts'
import type { Field, FieldTable } from './field-table.ts'
import { WIRE, fieldTable } from './field-table.ts'
import type { PackedArray } from './packed-array.ts'
import type { Message, MessageName } from './schema.ts'
import type { Segment } from './wire-writer.ts'
import { WireWriter } from './wire-writer.ts'

type Fields = Readonly<Record<string, unknown>>

/** The message as segments in file order; blobs are the caller's own ranges, not copies. */
export function encodeSegments<Name extends MessageName>(
  name: Name,
  message: Message<Name>,
): Segment[] {
  const writer = new WireWriter()
  writeFields(writer, fieldTable(name), message)
  return writer.finish()
}

/** The message in one piece. For messages without large blobs. */
export function encodeMessage<Name extends MessageName>(
  name: Name,
  message: Message<Name>,
): Uint8Array {
  const segments = encodeSegments(name, message)
  return concatenateBytes(
    segments.map((segment) => (segment instanceof Uint8Array ? segment : segment.bytes())),
  )
}

function writeFields(writer: WireWriter, table: FieldTable, message: Fields): void {
  const unknown = message['unknown']
  if (unknown instanceof Uint8Array) writer.bytes(unknown)
  for (let index = table.fields.length - 1; index >= 0; index -= 1) {
    const field = table.fields[index]
    if (field === undefined) continue
    const value = message[field.name]
    if (value !== undefined) writeField(writer, field, value)
  }
}

function writeField(writer: WireWriter, field: Field, value: unknown): void {
  if (field.cardinality === 'packed') {
    writePacked(writer, field, value as PackedArray)
    return
  }
  if (field.cardinality === 'optional') {
    writeElement(writer, field, value)
    return
  }
  const list = value as readonly unknown[]
  for (let index = list.length - 1; index >= 0; index -= 1) writeElement(writer, field, list[index])
}

function writeElement(writer: WireWriter, field: Field, value: unknown): void {
  const end = writer.length
  switch (field.element) {
    case 'int32':
      writer.int32(value as number)
      break
    case 'int64':
      writer.int64(value as bigint)
      break
    case 'float':
      writer.float(value as number)
      break
    case 'string':
      writer.text(value as string)
      break
    case 'bytes':
      writer.bytes(value as Uint8Array)
      break
    case 'range':
      writer.range(value as ByteRange)
      break
    default:
      if (field.message === null) throw new TypeError(`field ${field.name} has no message`)
      writeFields(writer, fieldTable(field.message), value as Fields)
  }
  if (field.wire === WIRE.delimited) writer.varint(writer.length - end)
  writer.tag(field.number, field.wire)
}

function writePacked(writer: WireWriter, field: Field, values: PackedArray): void {
  if (values.length === 0) return
  const end = writer.length
  if (values instanceof Int32Array) {
    for (let index = values.length - 1; index >= 0; index -= 1) writer.int32(values[index] ?? 0)
  } else if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    for (let index = values.length - 1; index >= 0; index -= 1) writer.int64(values[index] ?? 0n)
  } else {
    writer.bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  writer.varint(writer.length - end)
  writer.tag(field.number, WIRE.delimited)
}

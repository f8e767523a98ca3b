// Bytes → message, driven by the schema. Depth and element count are bounded; nothing is allocated by a declared length alone.

import type { ByteRange } from '../ir/byte-range.ts'
import { bufferRange, concatenateBytes } from '../ir/byte-range.ts'
import { OnnxError } from '../onnx-error.ts'
import type { Field, FieldTable } from './field-table.ts'
import { WIRE, fieldTable } from './field-table.ts'
import type { PackedElement } from './packed-array.ts'
import { PackedBuilder, unpack } from './packed-array.ts'
import type { Message, MessageName } from './schema.ts'
import { WireReader } from './wire-reader.ts'

export interface DecodeLimits {
  /** Nested messages, the outermost included. A subgraph takes three. */
  readonly depth: number
  /** Elements of repeated fields, packed numbers excepted; a message counts as four, by what it takes in memory. */
  readonly elements: number
}

/** 100 is what protobuf's own parsers allow. */
export const DECODE_LIMITS: DecodeLimits = { depth: 100, elements: 8_000_000 }

/**
 * Decodes a message. Blobs (`raw_data`) stay where they are.
 * @throws OnnxError not_onnx (malformed), graph_too_deep, model_too_complex, tensor_too_large
 */
export function decodeMessage<Name extends MessageName>(
  name: Name,
  source: ByteRange | Uint8Array,
  limits: DecodeLimits = DECODE_LIMITS,
): Message<Name> {
  const range = source instanceof Uint8Array ? bufferRange(source) : source
  const decoder = new Decoder(new WireReader(range), limits)
  return decoder.message(fieldTable(name), {}, 1) as Message<Name>
}

const MESSAGE_WEIGHT = 4

type Fields = Record<string, unknown>

class Decoder {
  readonly #reader: WireReader
  readonly #limits: DecodeLimits
  #elements = 0

  constructor(reader: WireReader, limits: DecodeLimits) {
    this.#reader = reader
    this.#limits = limits
  }

  /** Reads fields into `target` up to the reader's limit. */
  message(table: FieldTable, target: Fields, depth: number): Fields {
    if (depth > this.#limits.depth) {
      throw new OnnxError(
        'graph_too_deep',
        `messages are nested more than ${this.#limits.depth} deep`,
        { offset: this.#reader.position },
      )
    }
    const reader = this.#reader
    let packed = false
    while (reader.position < reader.limit) {
      const start = reader.position
      const tag = reader.tag()
      const field = table.byNumber[tag >>> 3]
      if (field === undefined) {
        this.#keepUnknown(target, start, tag)
      } else if (field.cardinality === 'packed') {
        packed = true
        this.#packed(table, field, tag & 7, target)
      } else {
        this.#field(table, field, tag & 7, target, depth)
      }
    }
    if (packed) finishPacked(target)
    return target
  }

  #count(weight: number): void {
    this.#elements += weight
    if (this.#elements > this.#limits.elements) {
      throw new OnnxError(
        'model_too_complex',
        `the model holds more than ${this.#limits.elements} nodes, values, attributes and list elements`,
      )
    }
  }

  #field(table: FieldTable, field: Field, wire: number, target: Fields, depth: number): void {
    if (field.cardinality === 'optional') {
      this.#expect(table, field, wire)
      target[field.name] = this.#element(table, field, depth, target[field.name])
      return
    }
    const list = (target[field.name] ??= []) as unknown[]
    if (wire === WIRE.delimited && field.wire !== WIRE.delimited) {
      this.#packedIntoList(table, field, list, depth)
      return
    }
    this.#expect(table, field, wire)
    this.#count(1)
    list.push(this.#element(table, field, depth, undefined))
  }

  #expect(table: FieldTable, field: Field, wire: number): void {
    if (wire !== field.wire) {
      throw this.#reader.malformed(
        `${table.name}.${field.name} has wire type ${wire}, not ${field.wire}`,
      )
    }
  }

  /** A message that occurs twice where it may occur once is merged, as protobuf prescribes. */
  #element(table: FieldTable, field: Field, depth: number, previous: unknown): unknown {
    const reader = this.#reader
    switch (field.element) {
      case 'int32':
        return reader.int32()
      case 'int64':
        return reader.int64()
      case 'float':
        return reader.float()
      default:
    }
    const length = reader.length(`${table.name}.${field.name}`)
    switch (field.element) {
      case 'string':
        return reader.text(length)
      case 'bytes':
        return reader.bytes(length)
      case 'range':
        return reader.range(length)
      default:
        return this.#nested(field, length, depth, previous)
    }
  }

  #nested(field: Field, length: number, depth: number, previous: unknown): Fields {
    if (field.message === null) throw new TypeError(`field ${field.name} has no message`)
    this.#count(MESSAGE_WEIGHT)
    const reader = this.#reader
    const outer = reader.limit
    reader.limit = reader.position + length
    const target = (previous ?? {}) as Fields
    this.message(fieldTable(field.message), target, depth + 1)
    reader.limit = outer
    return target
  }

  #packedIntoList(table: FieldTable, field: Field, list: unknown[], depth: number): void {
    const reader = this.#reader
    const end = reader.length(`${table.name}.${field.name}`) + reader.position
    while (reader.position < end) {
      this.#count(1)
      list.push(this.#element(table, field, depth, undefined))
    }
    if (reader.position > end)
      throw reader.malformed(`${table.name}.${field.name} overruns its length`)
  }

  #packed(table: FieldTable, field: Field, wire: number, target: Fields): void {
    const reader = this.#reader
    const element = field.element as PackedElement
    const builder = (target[field.name] ??= new PackedBuilder(element)) as PackedBuilder
    if (wire !== WIRE.delimited) this.#expect(table, field, wire)
    const width = { [WIRE.fixed32]: 4, [WIRE.fixed64]: 8 }[wire]
    const payload =
      wire === WIRE.delimited
        ? reader.bytes(reader.length(`${table.name}.${field.name}`))
        : reader.bytes(width ?? reader.varintLength())
    const part = unpack(element, payload)
    if (part === null)
      throw reader.malformed(`${table.name}.${field.name} is no list of ${element}`)
    if (wire === WIRE.delimited) builder.addPart(part)
    else {
      this.#count(1)
      builder.addSingle(part[0] ?? 0)
    }
  }

  #keepUnknown(target: Fields, start: number, tag: number): void {
    const reader = this.#reader
    switch (tag & 7) {
      case WIRE.varint:
        reader.skip(reader.varintLength())
        break
      case WIRE.fixed64:
        reader.skip(8)
        break
      case WIRE.fixed32:
        reader.skip(4)
        break
      case WIRE.delimited:
        reader.skip(reader.length(`field ${tag >>> 3}`))
        break
      default:
        throw reader.malformed(
          `field ${tag >>> 3} has wire type ${tag & 7}, which ONNX does not use`,
        )
    }
    this.#count(1)
    const bytes = reader.bytesBetween(start, reader.position)
    const kept = target['unknown']
    target['unknown'] = kept instanceof Uint8Array ? concatenateBytes([kept, bytes]) : bytes
  }
}

function finishPacked(target: Fields): void {
  for (const [name, value] of Object.entries(target)) {
    if (value instanceof PackedBuilder) target[name] = value.finish()
  }
}

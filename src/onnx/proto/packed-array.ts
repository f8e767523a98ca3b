// Elements of packed numeric fields ↔ typed arrays. The host is little-endian.

import { OnnxError } from '../onnx-error.ts'
import type { PackedArrays } from './schema.ts'

export type PackedElement = keyof PackedArrays
export type PackedArray = PackedArrays[PackedElement]

const CONSTRUCTORS = {
  float: Float32Array,
  int32: Int32Array,
  int64: BigInt64Array,
  double: Float64Array,
  uint64: BigUint64Array,
}

/** A varint takes 1 byte and becomes 8: larger payloads are refused, such tensors belong in raw_data. */
const VARINT_LIMIT_BYTES = 256 * 1024 * 1024

/** The elements of one packed payload: a view of it where it is aligned, `null` where it is malformed. */
export function unpack(element: PackedElement, payload: Uint8Array): PackedArray | null {
  switch (element) {
    case 'float':
    case 'double':
      return unpackFixed(CONSTRUCTORS[element], payload)
    case 'int32':
      return unpackVarints(payload, 1, (buffer) => new Int32Array(buffer))
    case 'int64':
      return unpackVarints(payload, 2, (buffer) => new BigInt64Array(buffer))
    case 'uint64':
      return unpackVarints(payload, 2, (buffer) => new BigUint64Array(buffer))
  }
}

function unpackFixed(
  constructor: Float32ArrayConstructor | Float64ArrayConstructor,
  payload: Uint8Array,
): PackedArray | null {
  const width = constructor.BYTES_PER_ELEMENT
  if (payload.byteLength % width !== 0) return null
  const aligned = payload.byteOffset % width === 0 ? payload : new Uint8Array(payload)
  const { buffer, byteOffset, byteLength } = aligned
  return new constructor(buffer as ArrayBuffer, byteOffset, byteLength / width)
}

function unpackVarints(
  payload: Uint8Array,
  words: 1 | 2,
  wrap: (buffer: ArrayBuffer) => PackedArray,
): PackedArray | null {
  if (payload.byteLength > VARINT_LIMIT_BYTES) {
    throw new OnnxError(
      'tensor_too_large',
      `a tensor holds ${payload.byteLength} bytes of varints; ${VARINT_LIMIT_BYTES} are the limit, larger ones belong in raw_data`,
    )
  }
  let count = 0
  for (const byte of payload) if (byte < 0x80) count += 1
  const target = new Int32Array(count * words)
  let next = 0
  let low = 0
  let high = 0
  let shift = 0
  for (const byte of payload) {
    const bits = byte & 0x7f
    if (shift > 63 || (shift === 63 && byte > 1)) return null
    if (shift < 28) low |= bits << shift
    else if (shift === 28) {
      low |= bits << 28
      high = bits >>> 4
    } else high |= bits << (shift - 32)
    if (byte >= 0x80) {
      shift += 7
      continue
    }
    target[next] = low
    if (words === 2) target[next + 1] = high
    next += words
    low = 0
    high = 0
    shift = 0
  }
  return shift === 0 ? wrap(target.buffer) : null
}

/** Collects the payloads of one field: usually one, but a file may split it or write each element on its own. */
export class PackedBuilder {
  readonly element: PackedElement
  readonly #parts: PackedArray[] = []
  #singles: (number | bigint)[] = []

  constructor(element: PackedElement) {
    this.element = element
  }

  addPart(part: PackedArray): void {
    this.#flush()
    this.#parts.push(part)
  }

  addSingle(value: number | bigint): void {
    this.#singles.push(value)
  }

  #flush(): void {
    if (this.#singles.length === 0) return
    this.#parts.push(fromValues(this.element, this.#singles))
    this.#singles = []
  }

  finish(): PackedArray {
    this.#flush()
    const [only] = this.#parts
    if (only !== undefined && this.#parts.length === 1) return only
    return concatenate(this.element, this.#parts)
  }
}

function fromValues(element: PackedElement, values: (number | bigint)[]): PackedArray {
  switch (element) {
    case 'int64':
      return BigInt64Array.from(values as bigint[])
    case 'uint64':
      return BigUint64Array.from(values as bigint[])
    default:
      return CONSTRUCTORS[element].from(values as number[])
  }
}

function concatenate(element: PackedElement, parts: readonly PackedArray[]): PackedArray {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), offset)
    offset += part.byteLength
  }
  return new CONSTRUCTORS[element](bytes.buffer)
}

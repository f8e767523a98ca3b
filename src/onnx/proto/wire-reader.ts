// A cursor over protobuf wire format. Bytes in memory are read in place; a file is read through a small window,
// and what is skipped is never read.

import type { ByteRange } from '../ir/byte-range.ts'
import { bufferRange } from '../ir/byte-range.ts'
import { OnnxError } from '../onnx-error.ts'
import { decodeText } from './text-codec.ts'

const WINDOW_BYTES = 64 * 1024
/** Blobs of a file up to this size are copied out of the window instead of being left to a later read. */
const SMALL_BLOB_BYTES = 1024
/** Texts beyond this are refused: names, documentation and metadata are far below. */
const TEXT_LIMIT_BYTES = 64 * 1024 * 1024

export class WireReader {
  readonly #range: ByteRange
  #window: Buffer
  #windowStart = 0
  #low = 0
  #high = 0
  /** Bytes from the start. */
  position = 0
  /** End of the message being read. */
  limit: number

  constructor(range: ByteRange) {
    this.#range = range
    this.limit = range.length
    this.#window = asBuffer(range.resident ? range.bytes() : new Uint8Array(0))
  }

  malformed(detail: string): OnnxError {
    return new OnnxError('not_onnx', `${detail} (byte ${this.position})`, { offset: this.position })
  }

  /** Makes `count` bytes from the position on available; says at which index of the window they start. */
  #require(count: number): number {
    if (this.position + count > this.limit) {
      throw this.malformed(
        `the data ends too early: ${count} bytes are needed, ${this.limit - this.position} are left`,
      )
    }
    const index = this.position - this.#windowStart
    if (index + count <= this.#window.length) return index
    const size = Math.min(Math.max(count, WINDOW_BYTES), this.#range.length - this.position)
    this.#window = asBuffer(this.#range.slice(this.position, size).bytes())
    this.#windowStart = this.position
    return 0
  }

  #byte(): number {
    const index = this.#require(1)
    this.position += 1
    return this.#window[index] ?? 0
  }

  /** Reads a varint of at most 64 bits into #low and #high, 32 bits each. */
  #varint(): void {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte()
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 0x80) {
        if (shift === 63 && byte > 1) throw this.malformed('a varint has more than 64 bits')
        this.#low = low >>> 0
        this.#high = high >>> 0
        return
      }
    }
    throw this.malformed('a varint has more than 10 bytes')
  }

  tag(): number {
    this.#varint()
    if (this.#high !== 0 || this.#low >>> 3 === 0) throw this.malformed('a field number is invalid')
    return this.#low
  }

  /** A length, checked against what is left of the message. */
  length(what: string): number {
    this.#varint()
    const length = this.#high * 2 ** 32 + this.#low
    const left = this.limit - this.position
    if (length > left) {
      throw this.malformed(`truncated: ${what} declares ${length} bytes, ${left} are left`)
    }
    return length
  }

  int32(): number {
    this.#varint()
    return this.#low | 0
  }

  int64(): bigint {
    this.#varint()
    if (this.#high === 0) return BigInt(this.#low)
    return (BigInt(this.#high | 0) << 32n) | BigInt(this.#low)
  }

  float(): number {
    const index = this.#require(4)
    this.position += 4
    return this.#window.readFloatLE(index)
  }

  text(length: number): string {
    if (length > TEXT_LIMIT_BYTES) {
      throw new OnnxError(
        'model_too_complex',
        `a text has ${length} bytes; ${TEXT_LIMIT_BYTES} are the limit`,
        {
          offset: this.position,
        },
      )
    }
    const index = this.#require(length)
    this.position += length
    return decodeText(this.#window, index, index + length)
  }

  /** A view when the bytes are in memory, else a copy. */
  bytes(length: number): Uint8Array {
    if (!this.#range.resident && length > WINDOW_BYTES) {
      const bytes = this.#range.slice(this.position, length).bytes()
      this.position += length
      return bytes
    }
    const index = this.#require(length)
    this.position += length
    const view = this.#window.subarray(index, index + length)
    return this.#range.resident ? plainView(view) : new Uint8Array(view)
  }

  /** The bytes without reading them, unless they are few. */
  range(length: number): ByteRange {
    if (!this.#range.resident && length <= SMALL_BLOB_BYTES) return bufferRange(this.bytes(length))
    const range = this.#range.slice(this.position, length)
    this.position += length
    return range
  }

  /** Bytes of the varint that starts here; the position stays. */
  varintLength(): number {
    const start = this.position
    this.#varint()
    const length = this.position - start
    this.position = start
    return length
  }

  /** Bytes that were passed already. */
  bytesBetween(start: number, end: number): Uint8Array {
    return this.#range.slice(start, end - start).bytes()
  }

  skip(length: number): void {
    if (this.position + length > this.limit) throw this.malformed('the data ends too early')
    this.position += length
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

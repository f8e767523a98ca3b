// Protobuf wire format, written from the end to the front: the length of a nested message is known once its content stands,
// so one pass suffices. Blobs are not copied; they become segments of their own.

import type { ByteRange } from '../ir/byte-range.ts'
import { encodeText } from './text-codec.ts'

export type Segment = Uint8Array | ByteRange

const FIRST_BLOCK_BYTES = 16 * 1024
const LARGEST_BLOCK_BYTES = 1024 * 1024
/** Blobs below this are copied: a segment of its own would cost more. */
const COPIED_BLOB_BYTES = 2048

export class WireWriter {
  /** Last written first. */
  readonly #segments: Segment[] = []
  #block = Buffer.allocUnsafe(FIRST_BLOCK_BYTES)
  /** The block is free below this index. */
  #free = FIRST_BLOCK_BYTES
  #blockEnd = FIRST_BLOCK_BYTES
  #finished = 0

  /** Bytes written so far. */
  get length(): number {
    return this.#finished + this.#blockEnd - this.#free
  }

  #closeSegment(): void {
    if (this.#blockEnd === this.#free) return
    this.#segments.push(this.#block.subarray(this.#free, this.#blockEnd))
    this.#finished += this.#blockEnd - this.#free
    this.#blockEnd = this.#free
  }

  /** Takes `count` bytes before all that stands; says at which index of the block they start. */
  #take(count: number): number {
    if (count > this.#free) {
      this.#closeSegment()
      const size = Math.max(count, Math.min(this.#block.length * 2, LARGEST_BLOCK_BYTES))
      this.#block = Buffer.allocUnsafe(size)
      this.#free = size
      this.#blockEnd = size
    }
    this.#free -= count
    return this.#free
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    let length = 1
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1
    let index = this.#take(length)
    let rest = value
    while (rest >= 0x80) {
      this.#block[index] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
      index += 1
    }
    this.#block[index] = rest
  }

  tag(number: number, wire: number): void {
    this.varint(number * 8 + wire)
  }

  int32(value: number): void {
    if (value >= 0) this.varint(value)
    else this.int64(BigInt(value))
  }

  /** Negative numbers take 10 bytes, as two's complement of 64 bits. */
  int64(value: bigint): void {
    if (value >= 0n && value <= 0x1f_ffff_ffff_ffffn) {
      this.varint(Number(value))
      return
    }
    let rest = BigInt.asUintN(64, value)
    const bytes: number[] = []
    while (rest >= 0x80n) {
      bytes.push(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    bytes.push(Number(rest))
    const index = this.#take(bytes.length)
    this.#block.set(bytes, index)
  }

  float(value: number): void {
    const index = this.#take(4)
    this.#block.writeFloatLE(value, index)
  }

  /** The text's bytes, without length. */
  text(value: string): void {
    const bytes = encodeText(value)
    const index = this.#take(bytes.length)
    this.#block.set(bytes, index)
  }

  /** The bytes, without length; copied when they are few. */
  bytes(value: Uint8Array): void {
    if (value.byteLength >= COPIED_BLOB_BYTES) this.#segment(value, value.byteLength)
    else {
      const index = this.#take(value.byteLength)
      this.#block.set(value, index)
    }
  }

  range(value: ByteRange): void {
    if (value.length < COPIED_BLOB_BYTES) this.bytes(value.bytes())
    else this.#segment(value, value.length)
  }

  #segment(segment: Segment, length: number): void {
    this.#closeSegment()
    this.#segments.push(segment)
    this.#finished += length
  }

  /** What was written, in file order. */
  finish(): Segment[] {
    this.#closeSegment()
    return this.#segments.toReversed()
  }
}

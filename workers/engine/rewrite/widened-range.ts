// The bytes of float16 numbers as those of float32 ones, made when they are asked for: weights of gigabytes stay in their file.

import type { ByteRange } from '#src/onnx/ir/byte-range'
import { decodeFloats } from '#src/onnx/float-formats'

const WIDE = 4
const NARROW = 2

/** Elements that are in memory at once. */
const PIECE = 2 ** 18

export class WidenedRange implements ByteRange {
  readonly length: number
  readonly resident = false
  /** What the file has. */
  readonly halves: ByteRange

  constructor(halves: ByteRange) {
    this.halves = halves
    this.length = (halves.length / NARROW) * WIDE
  }

  bytes(): Uint8Array {
    const buffer = new Uint8Array(this.length)
    this.readInto(buffer, 0)
    return buffer
  }

  readInto(buffer: Uint8Array, offset: number): void {
    const end = offset + buffer.byteLength
    const last = Math.ceil(end / WIDE)
    for (let first = Math.floor(offset / WIDE); first < last; first += PIECE) {
      const count = Math.min(PIECE, last - first)
      const patterns = new Uint16Array(count)
      const bytes = new Uint8Array(patterns.buffer)
      bytes.set(this.halves.slice(first * NARROW, count * NARROW).bytes())
      const wide = new Uint8Array(decodeFloats('float16', patterns).buffer)
      const [from, to] = [Math.max(offset, first * WIDE), Math.min(end, (first + count) * WIDE)]
      buffer.set(wide.subarray(from - first * WIDE, to - first * WIDE), from - offset)
    }
  }

  /** Whole elements. */
  slice(offset: number, length: number): ByteRange {
    return new WidenedRange(this.halves.slice(offset / 2, length / 2))
  }
}

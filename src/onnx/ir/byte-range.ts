// Bytes that may stay where they are: in a buffer (a view, no copy) or in a file (read when asked for).

import { readSync } from 'node:fs'

export interface ByteRange {
  /** Bytes. */
  readonly length: number
  /** The bytes are in memory: `bytes()` costs nothing. */
  readonly resident?: boolean
  /** All bytes. A view where the bytes are in memory; do not write to it. */
  bytes(): Uint8Array
  /** Fills the buffer with the bytes from `offset`; present where `bytes()` would allocate. */
  readInto?(buffer: Uint8Array, offset: number): void
  /** `length` bytes from `offset`, without reading the rest. */
  slice(offset: number, length: number): ByteRange
}

export function bufferRange(buffer: Uint8Array): ByteRange {
  // Node's Buffer is a Uint8Array whose slice() does not copy: nobody behind this interface should meet one.
  const bytes = Buffer.isBuffer(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : buffer
  return {
    length: bytes.byteLength,
    resident: true,
    bytes: () => bytes,
    slice: (offset, length) => bufferRange(bytes.subarray(offset, offset + length)),
  }
}

/** A range of an open file. The caller keeps the descriptor open as long as the range is used. */
export function fileRange(descriptor: number, start: number, length: number): ByteRange {
  return {
    length,
    resident: false,
    bytes: () => {
      const buffer = new Uint8Array(length)
      readFully(descriptor, start, buffer)
      return buffer
    },
    readInto: (buffer, offset) => readFully(descriptor, start + offset, buffer),
    slice: (offset, size) => fileRange(descriptor, start + offset, size),
  }
}

function readFully(descriptor: number, start: number, buffer: Uint8Array): void {
  const length = buffer.byteLength
  let done = 0
  while (done < length) {
    const count = readSync(descriptor, buffer, done, length - done, start + done)
    if (count === 0) throw new RangeError(`file ends ${length - done} bytes before the range does`)
    done += count
  }
}

export function concatenateBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.byteLength
  }
  return whole
}

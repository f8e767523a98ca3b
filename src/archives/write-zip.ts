// Files into a zip, stored as they are: weights hardly compress, and readers can map them. In pieces, whatever the sizes (ZIP64 where they need it).
// Times are those of the format's first day, so that equal files make equal archives.

import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'

export interface ZipSource {
  readonly name: string
  readonly path: string
}

const PIECE_BYTES = 2 ** 20
const LARGEST = 0xffffffff
/** ZIP64. */
const VERSION = 45
/** Names are UTF-8. */
const FLAGS = 0x0800
const FIRST_DAY = 0x21
const ZIP64_FIELD = 1

interface Entry {
  readonly name: Buffer
  readonly crc: number
  readonly size: number
  readonly offset: number
}

/** `target` must not exist yet. */
export function writeZip(target: string, sources: readonly ZipSource[]): void {
  const file = openSync(target, 'wx')
  let end = 0
  const append = (bytes: Uint8Array): void => {
    for (let done = 0; done < bytes.byteLength;) {
      done += writeSync(file, bytes, done, bytes.byteLength - done, end + done)
    }
    end += bytes.byteLength
  }
  try {
    const entries = sources.map(({ name, path }) => {
      const source = openSync(path, 'r')
      try {
        const { size } = fstatSync(source)
        const entry = { name: Buffer.from(name), crc: checksum(source, size), size, offset: end }
        append(localHeader(entry))
        for (const piece of pieces(source, size)) append(piece)
        return entry
      } finally {
        closeSync(source)
      }
    })
    const start = end
    for (const entry of entries) append(centralHeader(entry))
    append(endRecords(entries.length, start, end - start))
  } finally {
    closeSync(file)
  }
}

function* pieces(file: number, size: number): Generator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(size, PIECE_BYTES))
  for (let done = 0; done < size;) {
    const count = readSync(file, buffer, 0, Math.min(buffer.byteLength, size - done), done)
    if (count === 0) throw new RangeError('a file became shorter while it was read')
    done += count
    yield buffer.subarray(0, count)
  }
}

/** Read ahead of the copy: the header in front of the bytes holds it. */
function checksum(file: number, size: number): number {
  let sum = 0
  for (const piece of pieces(file, size)) sum = crc32(piece, sum)
  return sum
}

/** Sizes are written twice in the ZIP64 field, stored being the same as unpacked. */
function localHeader({ name, crc, size }: Entry): Buffer {
  const header = Buffer.alloc(30)
  const extra = Buffer.alloc(20)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(VERSION, 4)
  header.writeUInt16LE(FLAGS, 6)
  header.writeUInt16LE(FIRST_DAY, 12)
  header.writeUInt32LE(crc, 14)
  header.writeUInt32LE(LARGEST, 18)
  header.writeUInt32LE(LARGEST, 22)
  header.writeUInt16LE(name.byteLength, 26)
  header.writeUInt16LE(extra.byteLength, 28)
  extra.writeUInt16LE(ZIP64_FIELD, 0)
  extra.writeUInt16LE(16, 2)
  extra.writeBigUInt64LE(BigInt(size), 4)
  extra.writeBigUInt64LE(BigInt(size), 12)
  return Buffer.concat([header, name, extra])
}

function centralHeader({ name, crc, size, offset }: Entry): Buffer {
  const header = Buffer.alloc(46)
  const extra = Buffer.alloc(28)
  header.writeUInt32LE(0x02014b50, 0)
  header.writeUInt16LE(VERSION, 4)
  header.writeUInt16LE(VERSION, 6)
  header.writeUInt16LE(FLAGS, 8)
  header.writeUInt16LE(FIRST_DAY, 14)
  header.writeUInt32LE(crc, 16)
  header.writeUInt32LE(LARGEST, 20)
  header.writeUInt32LE(LARGEST, 24)
  header.writeUInt16LE(name.byteLength, 28)
  header.writeUInt16LE(extra.byteLength, 30)
  header.writeUInt32LE(LARGEST, 42)
  extra.writeUInt16LE(ZIP64_FIELD, 0)
  extra.writeUInt16LE(24, 2)
  extra.writeBigUInt64LE(BigInt(size), 4)
  extra.writeBigUInt64LE(BigInt(size), 12)
  extra.writeBigUInt64LE(BigInt(offset), 20)
  return Buffer.concat([header, name, extra])
}

/** The ZIP64 end record, where it lies, and the end record that all readers look for. */
function endRecords(count: number, start: number, length: number): Buffer {
  const large = Buffer.alloc(56)
  large.writeUInt32LE(0x06064b50, 0)
  large.writeBigUInt64LE(44n, 4)
  large.writeUInt16LE(VERSION, 12)
  large.writeUInt16LE(VERSION, 14)
  large.writeBigUInt64LE(BigInt(count), 24)
  large.writeBigUInt64LE(BigInt(count), 32)
  large.writeBigUInt64LE(BigInt(length), 40)
  large.writeBigUInt64LE(BigInt(start), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(start + length), 8)
  locator.writeUInt32LE(1, 16)
  const last = Buffer.alloc(22)
  last.writeUInt32LE(0x06054b50, 0)
  last.writeUInt16LE(0xffff, 8)
  last.writeUInt16LE(0xffff, 10)
  last.writeUInt32LE(LARGEST, 12)
  last.writeUInt32LE(LARGEST, 16)
  return Buffer.concat([large, locator, last])
}

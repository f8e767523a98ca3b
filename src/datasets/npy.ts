// The .npy format, versions 1 to 3 (numpy.lib.format): magic, header length, a Python dict literal, then the elements.

import { TersorError } from '#src/domain/errors'
import type { DataType } from '#src/onnx/ir/data-type'
import { DATA_TYPES } from '#src/onnx/ir/data-type'

export interface NpyHeader {
  readonly dtype: DataType
  readonly shape: readonly number[]
  /** Bytes before the first element. */
  readonly dataOffset: number
}

const MAGIC = '\x93NUMPY'
/** Enough for every honest header; longer ones are refused. */
export const NPY_HEADER_BYTES = 64 * 1024

const DTYPES: Record<string, DataType> = {
  '<f4': 'float32',
  '<f8': 'float64',
  '<f2': 'float16',
  '|i1': 'int8',
  '<i1': 'int8',
  '|u1': 'uint8',
  '<u1': 'uint8',
  '<i2': 'int16',
  '<u2': 'uint16',
  '<i4': 'int32',
  '<u4': 'uint32',
  '<i8': 'int64',
  '<u8': 'uint64',
  '|b1': 'bool',
}

/** `start`: the first bytes of the member, at least the header. `size`: bytes of the whole member. */
export function parseNpyHeader(name: string, start: Uint8Array, size: number): NpyHeader {
  const text = Buffer.from(start.buffer, start.byteOffset, start.byteLength)
  const refuse = (detail: string) =>
    new TersorError('npy_header_invalid', `array '${name}': ${detail}`)
  if (text.length < 10 || text.toString('latin1', 0, 6) !== MAGIC)
    throw refuse('it does not begin as a .npy file does')
  const major = text[6]!
  if (major < 1 || major > 3) throw refuse(`format version ${major} is not known`)
  const lengthBytes = major === 1 ? 2 : 4
  const headerLength = major === 1 ? text.readUInt16LE(8) : text.readUInt32LE(8)
  const dataOffset = 8 + lengthBytes + headerLength
  if (dataOffset > Math.min(size, NPY_HEADER_BYTES))
    throw refuse(`its header claims ${headerLength} bytes`)
  const header = text.toString(major === 3 ? 'utf8' : 'latin1', 8 + lengthBytes, dataOffset)
  const dtype = parseDescr(name, header)
  const shape = parseShape(header)
  if (shape === null) throw refuse('its shape cannot be read')
  if (/'fortran_order'\s*:\s*True/.test(header) && shape.filter((dim) => dim > 1).length > 1) {
    throw refuse('it is in Fortran order; save it with numpy.ascontiguousarray')
  }
  checkSize(name, dtype, shape, size - dataOffset)
  return { dtype, shape, dataOffset }
}

function parseDescr(name: string, header: string): DataType {
  const descr = /'descr'\s*:\s*'([^']{1,32})'/.exec(header)?.[1]
  if (descr === undefined) {
    throw new TersorError(
      'dtype_not_allowed',
      `array '${name}' has a structured or unknown dtype; plain numbers are allowed`,
    )
  }
  const dtype = DTYPES[descr.replace(/^=/, '<')]
  if (dtype !== undefined) return dtype
  if (descr.endsWith('O')) {
    throw new TersorError(
      'dtype_not_allowed',
      `array '${name}' holds Python objects, which are never loaded`,
    )
  }
  const allowed = [...new Set(Object.values(DTYPES))].join(', ')
  throw new TersorError(
    'dtype_not_allowed',
    `array '${name}' has dtype '${descr}'; little-endian ${allowed} are allowed`,
  )
}

function parseShape(header: string): number[] | null {
  const body = /'shape'\s*:\s*\(([^)]*)\)/.exec(header)?.[1]
  if (body === undefined) return null
  const parts = body
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (!parts.every((part) => /^\d{1,15}L?$/.test(part))) return null
  return parts.map((part) => Number.parseInt(part, 10))
}

function checkSize(
  name: string,
  dtype: DataType,
  shape: readonly number[],
  available: number,
): void {
  const { bits } = DATA_TYPES[dtype]
  const bytes = shape.reduce((product, dim) => product * dim, (bits as number) / 8)
  if (bytes === available) return
  const detail = `array '${name}' of shape [${shape.join(', ')}] and dtype ${dtype} takes ${bytes} bytes, the file has ${available}`
  throw new TersorError('size_mismatch', detail)
}

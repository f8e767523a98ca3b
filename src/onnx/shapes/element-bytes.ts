// Elements in `raw_data`: little-endian, types below 8 bits packed with the first element in the low bits.

import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'
import type { Element } from './element.ts'

export function decodeElement(view: DataView, dtype: DataType, index: number): Element {
  const { bits, family } = DATA_TYPES[dtype]
  if (bits === 'none') return null
  if (family === 'float') return decodeFloat(view, dtype, index)
  if (bits < 8) {
    const bit = index * bits
    const raw = (view.getUint8(bit >> 3) >> (bit & 7)) & ((1 << bits) - 1)
    return family === 'signed' && raw >= 1 << (bits - 1) ? raw - (1 << bits) : raw
  }
  const at = index * (bits / 8)
  if (bits === 64) {
    const value = family === 'signed' ? view.getBigInt64(at, true) : view.getBigUint64(at, true)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  if (bits === 8) return family === 'signed' ? view.getInt8(at) : view.getUint8(at)
  if (bits === 16) return family === 'signed' ? view.getInt16(at, true) : view.getUint16(at, true)
  return family === 'signed' ? view.getInt32(at, true) : view.getUint32(at, true)
}

function decodeFloat(view: DataView, dtype: DataType, index: number): Element {
  switch (dtype) {
    case 'float32':
      return view.getFloat32(index * 4, true)
    case 'float64':
      return view.getFloat64(index * 8, true)
    case 'float16':
      return halfToNumber(view.getUint16(index * 2, true))
    case 'bfloat16':
      return bfloatToNumber(view.getUint16(index * 2, true))
    default:
      return null
  }
}

/** IEEE 754 binary16: (-1)^s · 2^(e-15) · (1 + m/1024), subnormal for e = 0. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const mantissa = bits & 0x3ff
  if (exponent === 0x1f) return mantissa === 0 ? sign * Infinity : NaN
  return exponent === 0
    ? sign * mantissa * 2 ** -24
    : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15)
}

/** The upper half of a float32. */
function bfloatToNumber(bits: number): number {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint32(0, bits << 16)
  return view.getFloat32(0)
}

/** Whether the type can be written: integers, booleans, float32 and float64. */
export function encodeElement(
  view: DataView,
  dtype: DataType,
  at: number,
  element: number | bigint,
): boolean {
  const { bits, family } = DATA_TYPES[dtype]
  if (dtype === 'float32') view.setFloat32(at, Number(element), true)
  else if (dtype === 'float64') view.setFloat64(at, Number(element), true)
  else if (family !== 'signed' && family !== 'unsigned' && family !== 'boolean') return false
  else if (bits === 64) view.setBigInt64(at, BigInt(element), true)
  else if (bits === 32) view.setInt32(at, Number(element), true)
  else if (bits === 16) view.setInt16(at, Number(element), true)
  else view.setInt8(at, Number(element))
  return true
}

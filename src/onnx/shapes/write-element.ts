import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'

/** Writes an element as `raw_data` has it, little-endian. `false` for types other than integers, booleans, float32 and float64. */
export function writeElement(
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

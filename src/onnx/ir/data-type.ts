// Element types of tensors: ONNX `TensorProto.DataType` (onnx.proto, IR version 13) under the names the HTTP contract uses.

export interface DataTypeInfo {
  /** Value of the enum `TensorProto.DataType`. */
  readonly code: number
  /** Bits of one element in `raw_data`; `none` for strings. Below 8, elements are packed, low bits first. */
  readonly bits: number | 'none'
  readonly family: 'float' | 'signed' | 'unsigned' | 'boolean' | 'complex' | 'string'
}

export const DATA_TYPES = {
  float32: { code: 1, bits: 32, family: 'float' },
  uint8: { code: 2, bits: 8, family: 'unsigned' },
  int8: { code: 3, bits: 8, family: 'signed' },
  uint16: { code: 4, bits: 16, family: 'unsigned' },
  int16: { code: 5, bits: 16, family: 'signed' },
  int32: { code: 6, bits: 32, family: 'signed' },
  int64: { code: 7, bits: 64, family: 'signed' },
  string: { code: 8, bits: 'none', family: 'string' },
  bool: { code: 9, bits: 8, family: 'boolean' },
  float16: { code: 10, bits: 16, family: 'float' },
  float64: { code: 11, bits: 64, family: 'float' },
  uint32: { code: 12, bits: 32, family: 'unsigned' },
  uint64: { code: 13, bits: 64, family: 'unsigned' },
  complex64: { code: 14, bits: 64, family: 'complex' },
  complex128: { code: 15, bits: 128, family: 'complex' },
  bfloat16: { code: 16, bits: 16, family: 'float' },
  float8e4m3fn: { code: 17, bits: 8, family: 'float' },
  float8e4m3fnuz: { code: 18, bits: 8, family: 'float' },
  float8e5m2: { code: 19, bits: 8, family: 'float' },
  float8e5m2fnuz: { code: 20, bits: 8, family: 'float' },
  uint4: { code: 21, bits: 4, family: 'unsigned' },
  int4: { code: 22, bits: 4, family: 'signed' },
  float4e2m1: { code: 23, bits: 4, family: 'float' },
  float8e8m0: { code: 24, bits: 8, family: 'float' },
  uint2: { code: 25, bits: 2, family: 'unsigned' },
  int2: { code: 26, bits: 2, family: 'signed' },
} as const satisfies Record<string, DataTypeInfo>

export type DataType = keyof typeof DATA_TYPES

const BY_CODE = new Map<number, DataType>(
  Object.entries(DATA_TYPES).map(([name, info]) => [info.code, name as DataType]),
)

/** The data type of an enum code, or `none` when the code is unknown or UNDEFINED (0). */
export function dataTypeOfCode(code: number): DataType | 'none' {
  return BY_CODE.get(code) ?? 'none'
}

export function isFloat(dtype: DataType): boolean {
  return DATA_TYPES[dtype].family === 'float'
}

/** Bytes of `count` elements in `raw_data`, sub-byte types packed; `none` for strings. */
export function byteLength(dtype: DataType, count: number): number | 'none' {
  const { bits } = DATA_TYPES[dtype]
  return bits === 'none' ? 'none' : Math.ceil((count * bits) / 8)
}

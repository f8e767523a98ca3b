// Labelled samples, read in slices so that memory does not grow with the dataset.

import type { DatasetField } from '#src/domain/records'
import type { DataType } from '#src/onnx/ir/data-type'
import type { NumericArray } from '#src/onnx/ir/numeric-array'

export type FieldData = NumericArray

/** Samples [start, end) of one field; `dims[0]` = end − start. float16 is a Uint16Array of bit patterns, bool is 0 and 1. */
export interface FieldSlice {
  readonly dtype: DataType
  readonly dims: readonly number[]
  readonly data: FieldData
}

export interface SampleSource {
  readonly count: number
  readonly fields: readonly DatasetField[]
  /** Samples [start, end) of the wanted fields. */
  batch(start: number, end: number): Promise<Readonly<Record<string, FieldSlice>>>
  close(): Promise<void>
}

/** A typed array over a copy-free view when aligned, else over a copy. */
export function typedView(dtype: DataType, bytes: Uint8Array): FieldData {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  const { buffer, byteOffset, byteLength } = aligned
  const make = VIEWS[dtype]
  if (make === undefined) throw new TypeError(`datasets hold no ${dtype}`)
  return make(buffer as ArrayBuffer, byteOffset, byteLength)
}

const VIEWS: Partial<
  Record<DataType, (buffer: ArrayBuffer, offset: number, bytes: number) => FieldData>
> = {
  float32: (buffer, offset, bytes) => new Float32Array(buffer, offset, bytes / 4),
  float64: (buffer, offset, bytes) => new Float64Array(buffer, offset, bytes / 8),
  float16: (buffer, offset, bytes) => new Uint16Array(buffer, offset, bytes / 2),
  bfloat16: (buffer, offset, bytes) => new Uint16Array(buffer, offset, bytes / 2),
  int8: (buffer, offset, bytes) => new Int8Array(buffer, offset, bytes),
  uint8: (buffer, offset, bytes) => new Uint8Array(buffer, offset, bytes),
  bool: (buffer, offset, bytes) => new Uint8Array(buffer, offset, bytes),
  int16: (buffer, offset, bytes) => new Int16Array(buffer, offset, bytes / 2),
  uint16: (buffer, offset, bytes) => new Uint16Array(buffer, offset, bytes / 2),
  int32: (buffer, offset, bytes) => new Int32Array(buffer, offset, bytes / 4),
  uint32: (buffer, offset, bytes) => new Uint32Array(buffer, offset, bytes / 4),
  int64: (buffer, offset, bytes) => new BigInt64Array(buffer, offset, bytes / 8),
  uint64: (buffer, offset, bytes) => new BigUint64Array(buffer, offset, bytes / 8),
}

// Tensors: ONNX `TensorProto` and `SparseTensorProto`. Immutable and shared between graphs.

import type { ByteRange } from './byte-range.ts'
import { bufferRange } from './byte-range.ts'
import type { DataType } from './data-type.ts'
import type { NumericArray } from './numeric-array.ts'

/** Where the elements are, kept as the file had it so that an untouched model is written as it was read. */
export type TensorStorage =
  | { readonly kind: 'raw'; readonly range: ByteRange }
  | {
      readonly kind: 'external'
      /** The key-value pairs of `external_data`: location, offset, length, checksum, in file order. */
      readonly entries: readonly (readonly [string, string])[]
      /** The bytes, once a resolver of the upload found them; `none` before. */
      readonly range: ByteRange | 'none'
    }
  | { readonly kind: 'float_data'; readonly values: Float32Array }
  | { readonly kind: 'int32_data'; readonly values: Int32Array }
  | { readonly kind: 'int64_data'; readonly values: BigInt64Array }
  | { readonly kind: 'double_data'; readonly values: Float64Array }
  | { readonly kind: 'uint64_data'; readonly values: BigUint64Array }
  | { readonly kind: 'string_data'; readonly values: readonly Uint8Array[] }
  /** No data field at all: legal for tensors of zero elements. */
  | { readonly kind: 'none' }

export interface Tensor {
  readonly kind: 'tensor'
  /** `TensorProto.name`: the initializer's name, often empty inside attributes. */
  readonly name: string
  readonly dtype: DataType
  readonly dims: readonly number[]
  readonly storage: TensorStorage
  readonly docString?: string
  readonly metadata?: readonly (readonly [string, string])[]
}

/** COO form: `indices` is [nnz] (linear) or [nnz, rank]. */
export interface SparseTensor {
  readonly kind: 'sparse_tensor'
  readonly dims: readonly number[]
  readonly values: Tensor
  readonly indices: Tensor
}

/** A tensor whose little-endian bytes are `bytes` (a view is kept, not a copy). */
export function rawTensor(
  name: string,
  dtype: DataType,
  dims: readonly number[],
  bytes: Uint8Array,
): Tensor {
  return { kind: 'tensor', name, dtype, dims, storage: { kind: 'raw', range: bufferRange(bytes) } }
}

/** A tensor over a typed array's own bytes. float16 and bfloat16 take a Uint16Array of bit patterns. */
export function typedTensor(
  name: string,
  dtype: DataType,
  dims: readonly number[],
  values: NumericArray,
): Tensor {
  return rawTensor(
    name,
    dtype,
    dims,
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  )
}

/** Elements, by the dimensions. */
export function tensorSize(tensor: { readonly dims: readonly number[] }): number {
  return tensor.dims.reduce((product, dim) => product * dim, 1)
}

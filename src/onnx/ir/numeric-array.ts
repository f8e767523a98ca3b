// Arrays that hold the elements of a tensor. float16 and bfloat16 are bit patterns in a Uint16Array, bool is 0 and 1.

export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

// Reproducible noise in the shape of an input: for timing, and for comparing where no data is given.

import type { DataType } from '#src/onnx/ir/data-type'
import type { RuntimeTensor, TensorData } from '../runtime/runtime.ts'
import { float32ToFloat16 } from '#src/onnx/float-formats'

/** Floats uniform in [−1, 1); integers and booleans 0 or 1, which is a valid index nearly everywhere. */
export function randomTensor(
  dtype: DataType,
  dims: readonly number[],
  seed: number,
): RuntimeTensor {
  const size = dims.reduce((product, dim) => product * dim, 1)
  const next = generator(seed)
  const make = MAKERS[dtype]
  if (make === undefined) throw new TypeError(`no random values of type ${dtype}`)
  return { dtype, dims, data: make(size, next) }
}

type Maker = (size: number, next: () => number) => TensorData

const signed = (next: () => number): number => next() * 2 - 1
const bit = (next: () => number): number => Math.floor(next() * 2)

const MAKERS: Partial<Record<DataType, Maker>> = {
  float32: (size, next) => Float32Array.from({ length: size }, () => signed(next)),
  float64: (size, next) => Float64Array.from({ length: size }, () => signed(next)),
  float16: (size, next) => Uint16Array.from({ length: size }, () => float32ToFloat16(signed(next))),
  int8: (size, next) => Int8Array.from({ length: size }, () => bit(next)),
  uint8: (size, next) => Uint8Array.from({ length: size }, () => bit(next)),
  bool: (size, next) => Uint8Array.from({ length: size }, () => bit(next)),
  int16: (size, next) => Int16Array.from({ length: size }, () => bit(next)),
  uint16: (size, next) => Uint16Array.from({ length: size }, () => bit(next)),
  int32: (size, next) => Int32Array.from({ length: size }, () => bit(next)),
  uint32: (size, next) => Uint32Array.from({ length: size }, () => bit(next)),
  int64: (size, next) => BigInt64Array.from({ length: size }, () => BigInt(bit(next))),
  uint64: (size, next) => BigUint64Array.from({ length: size }, () => BigInt(bit(next))),
}

/** A linear congruential generator modulo 2³² (Numerical Recipes), numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = (seed * 2_654_435_761 + 1) >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

// One pass over the elements of a tensor: how many are 0, how many are NaN or infinite. It stops after every chunk, so that
// a server can answer others in between.

import type { ChunkBuffer } from './element-chunks.ts'
import { elementChunks } from './element-chunks.ts'
import type { DataType } from './ir/data-type.ts'
import type { Tensor } from './ir/tensor.ts'
import type { ElementArray } from './tensor-values.ts'

export interface TensorScan {
  readonly zeros: number
  /** Of float32, float64, float16 and bfloat16; 0 for all other types. */
  readonly nonFinite: number
}

/** All bits but the sign are 0 in both zeros; NaN and infinity are at or above `infinity` then (IEEE 754). */
interface BitPattern {
  readonly magnitude: number
  readonly infinity: number | 'none'
}

const PATTERNS: Partial<Readonly<Record<DataType, BitPattern>>> = {
  float32: { magnitude: 0x7fffffff, infinity: 0x7f800000 },
  float16: { magnitude: 0x7fff, infinity: 0x7c00 },
  bfloat16: { magnitude: 0x7fff, infinity: 0x7f80 },
  float8e4m3fn: { magnitude: 0x7f, infinity: 'none' },
  float8e5m2: { magnitude: 0x7f, infinity: 'none' },
  float4e2m1: { magnitude: 0x7, infinity: 'none' },
}

/** Runs a scan to its end without a pause. */
export function finish<T>(steps: Generator<undefined, T>): T {
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}

export function* scanTensor(tensor: Tensor, buffer: ChunkBuffer): Generator<undefined, TensorScan> {
  const pattern = PATTERNS[tensor.dtype] ?? 'none'
  let zeros = 0
  let nonFinite = 0
  for (const chunk of elementChunks(tensor, buffer)) {
    const found = scanChunk(chunk, pattern)
    zeros += found.zeros
    nonFinite += found.nonFinite
    yield
  }
  return { zeros, nonFinite }
}

function scanChunk(chunk: ElementArray, pattern: BitPattern | 'none'): TensorScan {
  if (chunk instanceof BigInt64Array || chunk instanceof BigUint64Array) return bigZeros(chunk)
  if (pattern === 'none') return plainValues(chunk)
  if (chunk instanceof Float32Array) {
    return words(new Int32Array(chunk.buffer, chunk.byteOffset, chunk.length), pattern)
  }
  if (chunk instanceof Uint16Array) return halfWords(chunk, pattern)
  return plainBits(chunk, pattern.magnitude)
}

// Without branches, which random zeros would mispredict. For 0 ≤ m < 2^31, the sign of −m is set when m > 0, and that of
// m + (2^31 − infinity) when m ≥ infinity. Two functions, so that each meets one kind of array.

function words(bits: Int32Array, { magnitude, infinity }: BitPattern): TensorScan {
  const lift = infinity === 'none' ? 0 : (2 ** 31 - infinity) | 0
  let nonzero = 0
  let nonFinite = 0
  for (let index = 0; index < bits.length; index += 1) {
    const value = (bits[index] ?? 0) & magnitude
    nonzero += -value >>> 31
    nonFinite += (value + lift) >>> 31
  }
  return { zeros: bits.length - nonzero, nonFinite }
}

function halfWords(bits: Uint16Array, { magnitude, infinity }: BitPattern): TensorScan {
  const lift = infinity === 'none' ? 0 : (2 ** 31 - infinity) | 0
  let nonzero = 0
  let nonFinite = 0
  for (let index = 0; index < bits.length; index += 1) {
    const value = (bits[index] ?? 0) & magnitude
    nonzero += -value >>> 31
    nonFinite += (value + lift) >>> 31
  }
  return { zeros: bits.length - nonzero, nonFinite }
}

type Numbers = Exclude<ElementArray, BigInt64Array | BigUint64Array>

function plainBits(chunk: Numbers, magnitude: number): TensorScan {
  let zeros = 0
  for (let index = 0; index < chunk.length; index += 1) {
    if (((chunk[index] ?? 0) & magnitude) === 0) zeros += 1
  }
  return { zeros, nonFinite: 0 }
}

function plainValues(chunk: Numbers): TensorScan {
  let zeros = 0
  let nonFinite = 0
  for (let index = 0; index < chunk.length; index += 1) {
    const value = chunk[index] ?? 0
    if (value === 0) zeros += 1
    if (!Number.isFinite(value)) nonFinite += 1
  }
  return { zeros, nonFinite }
}

function bigZeros(chunk: BigInt64Array | BigUint64Array): TensorScan {
  let zeros = 0
  for (const value of chunk) if (value === 0n) zeros += 1
  return { zeros, nonFinite: 0 }
}

// Random inputs for a model, from a seed, and how far apart two results are.

import type { RuntimeTensor, RuntimeValueInfo } from '#engine/runtime/runtime'

/** Mulberry32: numbers in [0, 1). */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Floats in [0, 1), integers 0 to 9, unknown sizes 1. */
export function randomFeeds(
  inputs: readonly RuntimeValueInfo[],
  seed: number,
): Record<string, RuntimeTensor> {
  const random = randomSource(seed)
  const feeds: Record<string, RuntimeTensor> = {}
  for (const { name, dtype, shape } of inputs) {
    const dims = (shape ?? []).map((dim) => (typeof dim === 'number' ? dim : 1))
    const count = dims.reduce((product, dim) => product * dim, 1)
    if (dtype === 'int64') {
      const data = BigInt64Array.from({ length: count }, () => BigInt(Math.floor(random() * 10)))
      feeds[name] = { dtype, dims, data }
    } else if (dtype === 'int32') {
      const data = Int32Array.from({ length: count }, () => Math.floor(random() * 10))
      feeds[name] = { dtype, dims, data }
    } else if (dtype === 'uint8' || dtype === 'bool') {
      const top = dtype === 'bool' ? 2 : 256
      const data = Uint8Array.from({ length: count }, () => Math.floor(random() * top))
      feeds[name] = { dtype, dims, data }
    } else if (dtype === 'float32') {
      feeds[name] = { dtype, dims, data: Float32Array.from({ length: count }, random) }
    } else throw new Error(`input '${name}' is ${dtype}`)
  }
  return feeds
}

/** The largest |a − b| over all outputs, divided by the largest |a|. */
export function largestDifference(
  expected: Readonly<Record<string, RuntimeTensor>>,
  actual: Readonly<Record<string, RuntimeTensor>>,
): number {
  let worst = 0
  for (const [name, tensor] of Object.entries(expected)) {
    const other = actual[name]
    if (other === undefined || other.dims.join() !== tensor.dims.join()) return Infinity
    let scale = 0
    let difference = 0
    for (let index = 0; index < tensor.data.length; index += 1) {
      const [a, b] = [Number(tensor.data[index]), Number(other.data[index])]
      scale = Math.max(scale, Math.abs(a))
      difference = Math.max(difference, Math.abs(a - b))
      if (Number.isNaN(a) !== Number.isNaN(b)) return Infinity
    }
    if (difference > 0) worst = Math.max(worst, difference / (scale || 1))
  }
  return worst
}

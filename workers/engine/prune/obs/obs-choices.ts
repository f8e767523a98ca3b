// What of a layer goes, as columns are passed: a share of each block, or all but n of every m.

import type { ObsChoice } from './sparse-obs.ts'

/** Columns that are decided together; later ones are decided with what has been made up for by then. */
const BLOCK = 128

export function fractionChoice(fraction: number, columns: number): ObsChoice {
  const blocks: number[][] = []
  for (let first = 0; first < columns; first += BLOCK) {
    const length = Math.min(BLOCK, columns - first)
    blocks.push(Array.from({ length }, (_, index) => first + index))
  }
  return { blocks, mask: (costs) => withoutLeast(costs, Math.round(costs.length * fraction)) }
}

/** `window`: positions of a convolution's window; neighbours are input channels at the same position. */
export function nmChoice(n: number, m: number, columns: number, window: number): ObsChoice {
  const channels = columns / window
  const blocks: number[][] = []
  for (let position = 0; position < window; position += 1) {
    for (let first = 0; first < channels; first += m) {
      const length = Math.min(m, channels - first)
      blocks.push(Array.from({ length }, (_, index) => (first + index) * window + position))
    }
  }
  return { blocks, mask: (costs, rows) => nOfEach(costs, rows, n) }
}

function nOfEach(costs: Float32Array, rows: number, n: number): Uint8Array {
  const length = costs.length / rows
  const mask = new Uint8Array(costs.length).fill(1)
  for (let row = 0; row < rows; row += 1) {
    const own = Float32Array.from({ length }, (_, index) => costs[index * rows + row] ?? 0)
    const kept = withoutLeast(own, Math.max(0, length - n))
    for (const [index, bit] of kept.entries()) mask[index * rows + row] = bit
  }
  return mask
}

function withoutLeast(costs: Float32Array, count: number): Uint8Array {
  const mask = new Uint8Array(costs.length).fill(1)
  const order = Uint32Array.from(costs, (_, index) => index)
  order.sort((one, other) => (costs[one] ?? 0) - (costs[other] ?? 0) || one - other)
  for (const index of order.subarray(0, count)) mask[index] = 0
  return mask
}

// SparseGPT (Frantar & Alistarh 2023): input channels are pruned one after the other, and what each loses is made up by those that
// come after it, by the inverse of H = X·Xᵀ. Removing w_j costs w_j² ÷ [H⁻¹]_jj, H⁻¹ being that of the channels not yet passed.

import { inverseFactor } from '../../quantize/weight-only/inverse-factor.ts'

/** A weight of one group of channels, as [columns, rows]: a row of it holds an input channel for all outputs. */
export interface ObsWeight {
  readonly values: Float32Array
  readonly rows: number
  readonly columns: number
}

/** Columns that are decided together, in the order in which they are passed, and what goes of them. */
export interface ObsChoice {
  readonly blocks: readonly (readonly number[])[]
  /** `costs`: [columns of the block, rows]; 0 goes. */
  readonly mask: (costs: Float32Array, rows: number) => Uint8Array
}

/** Added to the diagonal as a share of its mean, and by how much it grows until H can be inverted. */
const DAMPING = 0.01
const DAMPING_GROWTH = 10
const TRIES = 6

/** U with H⁻¹ = Uᵀ·U, columns in `order`; `null` where the inputs say nothing. */
export function obsFactor(gram: Float64Array, order: readonly number[]): Float64Array | null {
  const n = order.length
  const hessian = new Float64Array(n * n)
  for (let i = 0; i < n; i += 1) {
    const from = (order[i] ?? 0) * n
    for (let j = 0; j < n; j += 1) hessian[i * n + j] = gram[from + (order[j] ?? 0)] ?? 0
  }
  let mean = 0
  for (let i = 0; i < n; i += 1) mean += (hessian[i * n + i] ?? 0) / n
  if (!(mean > 0) || !Number.isFinite(mean)) return null
  let share = DAMPING
  for (let tries = 0; tries < TRIES; tries += 1) {
    const damped = Float64Array.from(hessian)
    for (let i = 0; i < n; i += 1) damped[i * n + i] = (damped[i * n + i] ?? 0) + share * mean
    const factor = inverseFactor(damped, n)
    if (factor !== null) return factor
    share *= DAMPING_GROWTH
  }
  return null
}

/** `factor`: of the columns in the order of the blocks. Changes the values. */
export function pruneByObs(weight: ObsWeight, factor: Float64Array, choice: ObsChoice): void {
  const order = choice.blocks.flat()
  let start = 0
  for (const { length } of choice.blocks) {
    pruneBlock(weight, factor, order, { start, length, mask: choice.mask })
    start += length
  }
}

interface Block {
  readonly start: number
  readonly length: number
  readonly mask: ObsChoice['mask']
}

function pruneBlock(
  { values, rows, columns }: ObsWeight,
  factor: Float64Array,
  order: readonly number[],
  { start, length, mask }: Block,
): void {
  const block = order.slice(start, start + length)
  const pivot = (place: number) => factor[place * columns + place] ?? 1
  const costs = new Float32Array(block.length * rows)
  for (const [index, column] of block.entries()) {
    const scale = pivot(start + index) ** 2
    for (let row = 0; row < rows; row += 1) {
      costs[index * rows + row] = (values[column * rows + row] ?? 0) ** 2 / scale
    }
  }
  const kept = mask(costs, rows)
  const errors = new Float32Array(rows)
  for (const [index, column] of block.entries()) {
    const place = start + index
    for (let row = 0; row < rows; row += 1) {
      const at = column * rows + row
      const goes = kept[index * rows + row] === 0
      errors[row] = goes ? (values[at] ?? 0) / pivot(place) : 0
      if (goes) values[at] = 0
    }
    for (let later = place + 1; later < columns; later += 1) {
      const share = factor[place * columns + later] ?? 0
      const target = (order[later] ?? 0) * rows
      for (let row = 0; row < rows; row += 1) {
        values[target + row] = (values[target + row] ?? 0) - share * (errors[row] ?? 0)
      }
    }
  }
}

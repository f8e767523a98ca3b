// Channels of one layer's input, taken out one after the other: what the next one would cost, and what is left of H⁻¹ and of the weights.

import { obsFactor } from '../obs/sparse-obs.ts'
import type { ObsWeight } from '../obs/sparse-obs.ts'
import { choleskyFactor, solveFactored } from '../repair/solve-symmetric.ts'

export interface Removal {
  /** As a share of the energy of the layer's output. */
  cost(atom: number): number
  remove(atom: number): void
}

/** `columns`: of each atom. `null` where the inputs say nothing. */
export function openRemoval(
  { values, rows, columns: size }: ObsWeight,
  gram: Float64Array,
  columns: readonly (readonly number[])[],
  energy: number,
): Removal | null {
  const factor = obsFactor(
    gram,
    Array.from({ length: size }, (_, index) => index),
  )
  if (factor === null) return null
  return new ChannelRemoval(
    inverseOf(factor, size),
    Float64Array.from(values),
    rows,
    columns,
    energy,
  )
}

class ChannelRemoval implements Removal {
  readonly #inverse: Float64Array
  readonly #weights: Float64Array
  readonly #rows: number
  readonly #columns: readonly (readonly number[])[]
  readonly #energy: number
  readonly #costs: Float64Array
  #alive: number[]

  constructor(
    inverse: Float64Array,
    weights: Float64Array,
    rows: number,
    columns: readonly (readonly number[])[],
    energy: number,
  ) {
    this.#inverse = inverse
    this.#weights = weights
    this.#rows = rows
    this.#columns = columns
    this.#energy = energy
    this.#costs = new Float64Array(columns.length).fill(-1)
    this.#alive = Array.from({ length: weights.length / rows }, (_, index) => index)
  }

  cost(atom: number): number {
    const known = this.#costs[atom] ?? 0
    if (known >= 0) return known
    const own = this.#solved(atom)
    const columns = this.#columns[atom] ?? []
    let sum = 0
    for (const [index, column] of columns.entries()) {
      for (let row = 0; row < this.#rows; row += 1) {
        sum +=
          (own[index * this.#rows + row] ?? 0) * (this.#weights[column * this.#rows + row] ?? 0)
      }
    }
    const cost = Math.max(0, sum / this.#energy)
    this.#costs[atom] = cost
    return cost
  }

  remove(atom: number): void {
    const columns = this.#columns[atom] ?? []
    const [n, rows] = [this.#weights.length / this.#rows, this.#rows]
    const gone = new Set(columns)
    this.#alive = this.#alive.filter((column) => !gone.has(column))
    const solved = this.#solved(atom)
    const factor = this.#factor(columns)
    for (const place of this.#alive) {
      const shares = columns.map((column) => this.#inverse[place * n + column] ?? 0)
      for (const [index, share] of shares.entries()) {
        for (let row = 0; row < rows; row += 1) {
          const at = place * rows + row
          this.#weights[at] = (this.#weights[at] ?? 0) - share * (solved[index * rows + row] ?? 0)
        }
      }
      if (factor === null) continue
      const weighed = solveFactored(factor, Float64Array.from(shares))
      for (const other of this.#alive) {
        let part = 0
        for (const [index, column] of columns.entries()) {
          part += (weighed[index] ?? 0) * (this.#inverse[column * n + other] ?? 0)
        }
        this.#inverse[place * n + other] = (this.#inverse[place * n + other] ?? 0) - part
      }
    }
    this.#costs.fill(-1)
  }

  #factor(columns: readonly number[]): Float64Array | null {
    const [n, size] = [this.#weights.length / this.#rows, columns.length]
    const part = new Float64Array(size * size)
    for (const [row, one] of columns.entries()) {
      for (const [column, other] of columns.entries()) {
        part[row * size + column] = this.#inverse[one * n + other] ?? 0
      }
    }
    return choleskyFactor(part, size, 0)
  }

  /** ([H⁻¹]_SS)⁻¹·W_S, [columns of the atom, rows]. */
  #solved(atom: number): Float64Array {
    const columns = this.#columns[atom] ?? []
    const rows = this.#rows
    const solved = new Float64Array(columns.length * rows)
    const factor = this.#factor(columns)
    if (factor === null) return solved
    for (let row = 0; row < rows; row += 1) {
      const right = Float64Array.from(columns, (column) => this.#weights[column * rows + row] ?? 0)
      for (const [index, value] of solveFactored(factor, right).entries()) {
        solved[index * rows + row] = value
      }
    }
    return solved
  }
}

/** Uᵀ·U. */
function inverseOf(factor: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n)
  for (let k = 0; k < n; k += 1) {
    for (let i = k; i < n; i += 1) {
      const left = factor[k * n + i] ?? 0
      if (left === 0) continue
      for (let j = k; j < n; j += 1) {
        inverse[i * n + j] = (inverse[i * n + j] ?? 0) + left * (factor[k * n + j] ?? 0)
      }
    }
  }
  return inverse
}

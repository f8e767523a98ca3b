// The energy of a layer's output, told from the second moments of its inputs.

import type { ObsWeight } from './sparse-obs.ts'

/** Σ wᵀ·G·w over the outputs. */
export function outputEnergy({ values, rows, columns }: ObsWeight, gram: Float64Array): number {
  let energy = 0
  for (let i = 0; i < columns; i += 1) {
    for (let j = 0; j < columns; j += 1) {
      const moment = gram[i * columns + j] ?? 0
      let product = 0
      for (let row = 0; row < rows; row += 1) {
        product += (values[i * rows + row] ?? 0) * (values[j * rows + row] ?? 0)
      }
      energy += moment * product
    }
  }
  return energy
}

// Weights that stay, fitted exactly: H_SS·w_S = b_S of each row with the places S that it keeps.

import { choleskyFactor, solveFactored } from '../repair/solve-symmetric.ts'
import type { LayerFit } from './layer-fit.ts'

/** Multiplications that a layer may take: some seconds. */
const MOST_WORK = 4e9

/** Where half of the places stay. */
export function isFitAffordable(fits: readonly LayerFit[]): boolean {
  return fits.reduce((sum, { rows, inputs }) => sum + (rows * inputs ** 3) / 24, 0) <= MOST_WORK
}

/** `kept`: [rows, inputs], 1 stays. */
export function fitKept(
  { rows, inputs, hessian, targets }: LayerFit,
  kept: Uint8Array,
): Float64Array {
  const fitted = new Float64Array(rows * inputs)
  for (let row = 0; row < rows; row += 1) {
    const places: number[] = []
    for (let at = 0; at < inputs; at += 1) if (kept[row * inputs + at] === 1) places.push(at)
    const size = places.length
    const part = new Float64Array(size * size)
    for (const [index, place] of places.entries()) {
      for (const [other, column] of places.entries()) {
        part[index * size + other] = hessian[place * inputs + column] ?? 0
      }
    }
    const factor = choleskyFactor(part, size, 0)
    if (factor === null) throw new Error('damped moments are positive definite')
    const right = Float64Array.from(places, (place) => targets[row * inputs + place] ?? 0)
    const solution = solveFactored(factor, right)
    for (const [index, place] of places.entries()) {
      fitted[row * inputs + place] = solution[index] ?? 0
    }
  }
  return fitted
}

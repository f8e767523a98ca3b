// Masks of a layer by exact removal: as many as asked of the whole layer, whatever row they are in, or all but n of every m.

import { inverseFactor } from '../../quantize/weight-only/inverse-factor.ts'
import { optimum, removeExactly } from './exact-obs.ts'
import type { RowChoice, RowRemovals } from './exact-obs.ts'
import type { LayerFit } from './layer-fit.ts'
import type { MaySwap } from './swap-kept.ts'
import { swapKept } from './swap-kept.ts'

/** `fraction`: of all elements of the layer. `window`: positions of a convolution's window, which neighbours share. */
export type LayerAmount =
  | { readonly kind: 'fraction'; readonly fraction: number }
  | { readonly kind: 'n_m'; readonly n: number; readonly m: number; readonly window: number }

/** Multiplications and additions that a layer may take: some seconds. */
const MOST_WORK = 4e9

/** How many more than its share one row may lose. */
const ROW_SLACK = 0.3

/** Swaps that a row may take, as a share of its places. */
const SWAPS = 0.5

export function isAffordable(fits: readonly LayerFit[]): boolean {
  return fits.reduce((sum, { rows, inputs }) => sum + rows * inputs ** 3, 0) <= MOST_WORK
}

/** For each group [rows, inputs], 1 stays; what is 0 already goes first. `null` where H cannot be inverted. */
export function exactMasks(fits: readonly LayerFit[], amount: LayerAmount): Uint8Array[] | null {
  const inverted = withInverse(fits)
  if (inverted === null) return null
  const removals: RowRemovals[][] = []
  for (const { fit, inverse } of inverted) {
    const best = optimum(fit, inverse)
    const { rows, inputs } = fit
    const own: RowRemovals[] = []
    for (let row = 0; row < rows; row += 1) {
      const weights = best.subarray(row * inputs, (row + 1) * inputs)
      const before = fit.weights.subarray(row * inputs, (row + 1) * inputs)
      const first = [...before.keys()].filter((place) => before[place] === 0)
      own.push(removeExactly(weights, inverse, { first, ...limitsOf(amount, inputs, first) }))
    }
    removals.push(own)
  }
  const bound =
    amount.kind === 'fraction' ? boundOf(fits, removals.flat(), amount.fraction) : Infinity
  return inverted.map(({ fit, inverse }, group) => {
    const { rows, inputs } = fit
    const mask = new Uint8Array(rows * inputs).fill(1)
    const best = optimum(fit, inverse)
    for (const [row, { places, costs }] of (removals[group] ?? []).entries()) {
      const own = mask.subarray(row * inputs, (row + 1) * inputs)
      const rising = runningMaximum(costs)
      for (const [index, place] of places.entries()) {
        if ((rising[index] ?? Infinity) <= bound) own[place] = 0
      }
      const before = fit.weights.subarray(row * inputs, (row + 1) * inputs)
      const swept = {
        optimum: best.subarray(row * inputs, (row + 1) * inputs),
        inverse,
        mask: own,
      }
      swapKept(swept, swapsOf(amount, inputs, before), Math.ceil(inputs * SWAPS))
    }
    return mask
  })
}

/** What was 0 stays 0; n of every m stay. */
function swapsOf(amount: LayerAmount, inputs: number, before: Float64Array): MaySwap {
  if (amount.kind === 'fraction') return (back) => before[back] !== 0
  const blockOf = blocksOf(amount, inputs)
  return (back, gone) => before[back] !== 0 && blockOf(back) === blockOf(gone)
}

interface InvertedFit {
  readonly fit: LayerFit
  readonly inverse: Float64Array
}

/** With H⁻¹; `null` where one cannot be inverted. */
export function withInverse(fits: readonly LayerFit[]): InvertedFit[] | null {
  const inverted = fits.flatMap((fit): InvertedFit[] => {
    const inverse = inverseOf(fit)
    return inverse === null ? [] : [{ fit, inverse }]
  })
  return inverted.length === fits.length ? inverted : null
}

function inverseOf({ hessian, inputs: n }: LayerFit): Float64Array | null {
  const factor = inverseFactor(hessian, n)
  if (factor === null) return null
  const inverse = new Float64Array(n * n)
  for (let k = 0; k < n; k += 1) {
    for (let i = k; i < n; i += 1) {
      const share = factor[k * n + i] ?? 0
      if (share === 0) continue
      for (let j = k; j < n; j += 1) {
        inverse[i * n + j] = (inverse[i * n + j] ?? 0) + share * (factor[k * n + j] ?? 0)
      }
    }
  }
  return inverse
}

function limitsOf(
  amount: LayerAmount,
  inputs: number,
  first: readonly number[],
): { most: number; choice: RowChoice } {
  if (amount.kind === 'fraction') {
    const share = Math.min(1, amount.fraction + ROW_SLACK)
    const most = Math.max(first.length, Math.ceil(inputs * share))
    return { most, choice: { mayGo: () => true, gone: () => undefined } }
  }
  const { n } = amount
  const blockOf = blocksOf(amount, inputs)
  const left = new Int32Array(inputs)
  for (let place = 0; place < inputs; place += 1)
    left[blockOf(place)] = (left[blockOf(place)] ?? 0) + 1
  const mayGo = (place: number) => (left[blockOf(place)] ?? 0) > n
  const gone = (place: number) => {
    left[blockOf(place)] = (left[blockOf(place)] ?? 0) - 1
  }
  return { most: inputs, choice: { mayGo, gone } }
}

/** Neighbours along the channels, at the same position of the window. */
function blocksOf(
  { m, window }: Extract<LayerAmount, { kind: 'n_m' }>,
  inputs: number,
): (place: number) => number {
  const blocks = Math.ceil(inputs / window / m)
  return (place) => (place % window) * blocks + Math.floor(Math.floor(place / window) / m)
}

/** A place goes after those before it in its row, whatever it costs. */
function runningMaximum(costs: readonly number[]): number[] {
  let highest = -Infinity
  return costs.map((cost) => (highest = Math.max(highest, cost)))
}

/** What may cost as much goes. */
function boundOf(
  fits: readonly LayerFit[],
  removals: readonly RowRemovals[],
  fraction: number,
): number {
  const elements = fits.reduce((sum, { rows, inputs }) => sum + rows * inputs, 0)
  const costs = Float64Array.from(removals.flatMap((row) => runningMaximum(row.costs))).sort()
  const count = Math.round(elements * fraction)
  return count === 0 ? -Infinity : (costs[Math.min(count, costs.length) - 1] ?? Infinity)
}

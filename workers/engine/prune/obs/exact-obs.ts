// Which weights of a layer go, each row of weights by itself: the one that costs least, w² ÷ [H⁻¹]_pp, after the others have made up for
// those before it (Hassibi & Stork, Optimal Brain Surgeon, 1993; Frantar & Alistarh, Optimal Brain Compression, 2022).

import type { LayerFit } from './layer-fit.ts'

/** In the order in which they go, with what each adds to the error. */
export interface RowRemovals {
  readonly places: readonly number[]
  readonly costs: readonly number[]
}

/** Which of the places may go next, told of each that went. */
export interface RowChoice {
  readonly mayGo: (place: number) => boolean
  readonly gone: (place: number) => void
}

/** `weights`: a row of the optimum, `inverse`: H⁻¹; neither is changed. `first`: places that go before any other. At most `most` go. */
export function removeExactly(
  weights: Float64Array,
  inverse: Float64Array,
  { first, most, choice }: { first: readonly number[]; most: number; choice: RowChoice },
): RowRemovals {
  const n = weights.length
  const left = Float64Array.from(weights)
  const hessian = Float64Array.from(inverse)
  const isGone = new Uint8Array(n)
  const places: number[] = []
  const costs: number[] = []
  while (places.length < most) {
    const place = first[places.length] ?? cheapest(left, hessian, isGone, choice)
    if (place === -1) break
    costs.push((left[place] ?? 0) ** 2 / (hessian[place * n + place] ?? 1))
    places.push(place)
    isGone[place] = 1
    choice.gone(place)
    eliminate(left, hessian, isGone, place)
  }
  return { places, costs }
}

function cheapest(
  weights: Float64Array,
  inverse: Float64Array,
  isGone: Uint8Array,
  { mayGo }: RowChoice,
): number {
  const n = weights.length
  let [best, least] = [-1, Infinity]
  for (let place = 0; place < n; place += 1) {
    if (isGone[place] === 1 || !mayGo(place)) continue
    const cost = (weights[place] ?? 0) ** 2 / (inverse[place * n + place] ?? 1)
    if (cost < least) [best, least] = [place, cost]
  }
  return best
}

/** H⁻¹ of what is left, and the optimum for it. */
function eliminate(
  weights: Float64Array,
  inverse: Float64Array,
  isGone: Uint8Array,
  place: number,
): void {
  const n = weights.length
  const row = inverse.subarray(place * n, (place + 1) * n)
  const pivot = row[place] ?? 1
  const step = (weights[place] ?? 0) / pivot
  for (let other = 0; other < n; other += 1) {
    if (isGone[other] === 1) continue
    const share = row[other] ?? 0
    weights[other] = (weights[other] ?? 0) - step * share
    if (share === 0) continue
    const factor = share / pivot
    const target = inverse.subarray(other * n, (other + 1) * n)
    for (let at = 0; at < n; at += 1) target[at] = (target[at] ?? 0) - factor * (row[at] ?? 0)
  }
  weights[place] = 0
}

/** The optimum of each row, H⁻¹·b. */
export function optimum({ rows, inputs, targets }: LayerFit, inverse: Float64Array): Float64Array {
  const result = new Float64Array(rows * inputs)
  for (let row = 0; row < rows; row += 1) {
    for (let at = 0; at < inputs; at += 1) {
      let sum = 0
      for (let other = 0; other < inputs; other += 1) {
        sum += (inverse[at * inputs + other] ?? 0) * (targets[row * inputs + other] ?? 0)
      }
      result[row * inputs + at] = sum
    }
  }
  return result
}

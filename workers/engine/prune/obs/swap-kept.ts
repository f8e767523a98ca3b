// A mask of a row made better by swaps: a weight that went comes back for one that stays, as long as that lessens the error. All is
// read from one matrix under the sweep operator (Goodnight, A Tutorial on the SWEEP Operator, 1979): with the kept places S swept,
// it holds −(H_SS)⁻¹, what is left of H for the others, and beside it the weights w_S and the slopes b_R − H_RS·w_S.

/** A row that is pruned. */
export interface SweptRow {
  /** Its optimum without a mask. */
  readonly optimum: Float64Array
  /** H⁻¹ */
  readonly inverse: Float64Array
  /** 1 stays; changed. */
  readonly mask: Uint8Array
}

/** Whether a place that went may come back for one that stays. */
export type MaySwap = (back: number, gone: number) => boolean

/** Less than this share of what a swap costs is no gain. */
const LEAST_GAIN = 1e-9

export function swapKept(
  { optimum, inverse, mask }: SweptRow,
  maySwap: MaySwap,
  most: number,
): void {
  const n = optimum.length
  const matrix = inverse.map((value) => -value)
  const right = Float64Array.from(optimum)
  for (let place = 0; place < n; place += 1) if (mask[place] === 0) sweep(matrix, right, place, -1)
  for (let swaps = 0; swaps < most; swaps += 1) {
    const found = bestSwap(matrix, right, mask, maySwap)
    if (found === null) return
    sweep(matrix, right, found.back, 1)
    sweep(matrix, right, found.gone, -1)
    mask[found.back] = 1
    mask[found.gone] = 0
  }
}

function bestSwap(
  matrix: Float64Array,
  right: Float64Array,
  mask: Uint8Array,
  maySwap: MaySwap,
): { back: number; gone: number } | null {
  const n = right.length
  let found: { back: number; gone: number } | null = null
  let least = 0
  for (let back = 0; back < n; back += 1) {
    if (mask[back] === 1) continue
    const rest = matrix[back * n + back] ?? 0
    const slope = right[back] ?? 0
    const gain = slope ** 2 / rest
    // No swap gains more than the weight that comes back does.
    if (!(rest > 0) || -gain >= least) continue
    for (let gone = 0; gone < n; gone += 1) {
      if (mask[gone] === 0 || !maySwap(back, gone)) continue
      const tie = matrix[back * n + gone] ?? 0
      const weight = (right[gone] ?? 0) - (tie * slope) / rest
      const spread = tie ** 2 / rest - (matrix[gone * n + gone] ?? 0)
      const change = weight ** 2 / spread - gain
      if (change < least - LEAST_GAIN * gain) {
        least = change
        found = { back, gone }
      }
    }
  }
  return found
}

/** `sign`: 1 takes the place in, −1 out. */
function sweep(matrix: Float64Array, right: Float64Array, place: number, sign: 1 | -1): void {
  const n = right.length
  const row = matrix.slice(place * n, (place + 1) * n)
  const pivot = row[place] ?? 1
  const own = right[place] ?? 0
  for (let other = 0; other < n; other += 1) {
    if (other === place) continue
    const factor = (row[other] ?? 0) / pivot
    right[other] = (right[other] ?? 0) - factor * own
    if (factor !== 0) {
      const start = other * n
      for (let at = 0; at < n; at += 1) {
        matrix[start + at] = (matrix[start + at] ?? 0) - factor * (row[at] ?? 0)
      }
    }
    matrix[other * n + place] = sign * factor
    matrix[place * n + other] = sign * factor
  }
  matrix[place * n + place] = -1 / pivot
  right[place] = (sign * own) / pivot
}

// Half-quadratic quantization (Badri and Shaji 2023): minimises Σ|w − s·(q − z)|^p with p < 1, which lets large weights err and serves the
// many small ones, by splitting the error off as a variable of its own. Needs no data. Unlike the original, zero points stay
// integers, as the standard operators want them, and the scale is solved for as well.

import type { BlockFit, BlockParameters, BlockSettings } from './block-fit.ts'
import { codeOf, fitInterval, largestCode } from './block-fit.ts'
import { extremesOf } from './round-to-nearest.ts'

const P = 0.7
const BETA = 10
const BETA_GROWTH = 1.01
const ITERATIONS = 20
/** Shares of the block's interval to start from: with a fixed zero point the first one is often a minimum already. */
const STARTS = [1, 0.85, 0.7]

/** Never ends above the error of the extremes. */
export function halfQuadraticFit(settings: BlockSettings): BlockFit {
  const largest = largestCode(settings)
  let codes = new Float64Array(0)
  let targets = new Float64Array(0)
  return (values, _importance, parameters) => {
    if (codes.length < values.length) {
      codes = new Float64Array(values.length)
      targets = new Float64Array(values.length)
    }
    const { low, high } = extremesOf(values)
    const current: BlockParameters = { scale: 1, zero: 0 }
    let best = Infinity
    for (const share of STARTS) {
      fitInterval(low * share, high * share, settings, current)
      const unit = current.scale
      let least = Infinity
      let beta = BETA
      for (let iteration = 0; iteration <= ITERATIONS; iteration += 1) {
        const norm = normOf(values, current, largest)
        if (!(norm < least)) break
        least = norm
        if (norm < best) {
          best = norm
          parameters.scale = current.scale
          parameters.zero = current.zero
        }
        shrinkErrors(values, current, { unit, beta, largest }, codes, targets)
        solve(codes, targets, values.length, settings, current)
        beta *= BETA_GROWTH
      }
    }
  }
}

interface Shrinkage {
  /** Errors are measured in steps of the first scale, so that β means the same for every block. */
  readonly unit: number
  readonly beta: number
  readonly largest: number
}

/** q = round(w / s + z); T = w − shrink(w − s·(q − z)), where shrink(x) = sign(x)·max(0, |x| − |x|^(p−1) / β). */
function shrinkErrors(
  values: Float32Array,
  current: BlockParameters,
  { unit, beta, largest }: Shrinkage,
  codes: Float64Array,
  targets: Float64Array,
): void {
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0
    const code = codeOf(value, current, largest)
    const error = (value - current.scale * (code - current.zero)) / unit
    const size = Math.abs(error)
    const kept = size === 0 ? 0 : Math.max(0, size - size ** (P - 1) / beta)
    codes[index] = code
    targets[index] = value - Math.sign(error) * kept * unit
  }
}

/** z = round(mean(q − T / s)) unless it is fixed, then s = Σ T·(q − z) / Σ (q − z)². */
function solve(
  codes: Float64Array,
  targets: Float64Array,
  count: number,
  settings: BlockSettings,
  current: BlockParameters,
): void {
  if (!settings.symmetric) {
    let sum = 0
    for (let index = 0; index < count; index += 1) {
      sum += (codes[index] ?? 0) - (targets[index] ?? 0) / current.scale
    }
    current.zero = Math.max(0, Math.min(largestCode(settings), Math.round(sum / count)))
  }
  let [product, square] = [0, 0]
  for (let index = 0; index < count; index += 1) {
    const step = (codes[index] ?? 0) - current.zero
    product += step * (targets[index] ?? 0)
    square += step * step
  }
  const scale = Math.fround(product / square)
  if (scale > 0 && Number.isFinite(scale)) current.scale = scale
}

/** Σ|w − ŵ|^p. */
function normOf(values: Float32Array, current: BlockParameters, largest: number): number {
  let sum = 0
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0
    const error = value - current.scale * (codeOf(value, current, largest) - current.zero)
    sum += Math.abs(error) ** P
  }
  return sum
}

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
  const sums = new ShrunkSums(largestCode(settings))
  return (values, _importance, parameters) => {
    const { low, high } = extremesOf(values)
    const current: BlockParameters = { scale: 1, zero: 0 }
    fitInterval(low, high, settings, current)
    // Errors are measured in steps of the first scale, so that β means the same for every block.
    const unit = current.scale
    let best = Infinity
    for (const share of STARTS) {
      fitInterval(low * share, high * share, settings, current)
      let least = Infinity
      let beta = BETA
      for (let iteration = 0; iteration <= ITERATIONS; iteration += 1) {
        sums.collect(values, current, unit, beta)
        if (!(sums.norm < least)) break
        least = sums.norm
        if (least < best) {
          best = least
          parameters.scale = current.scale
          parameters.zero = current.zero
        }
        sums.solve(values.length, settings, current)
        beta *= BETA_GROWTH
      }
    }
  }
}

/** x^p from 0 to POWER_END, by linear interpolation: the error is below 1e-3 of a step, and the function is called for every weight. */
const POWER_END = 2
const POWER_STEPS = 1024
const POWERS = Float64Array.from({ length: POWER_STEPS + 2 }, (_, index) => {
  return ((index * POWER_END) / POWER_STEPS) ** P
})

function powerOf(size: number): number {
  if (size >= POWER_END) return size ** P
  const place = size * (POWER_STEPS / POWER_END)
  const index = place | 0
  const low = POWERS[index] ?? 0
  return low + ((POWERS[index + 1] ?? 0) - low) * (place - index)
}

/**
 * One pass over a block: q = round(w / s + z), e = w − s·(q − z), T = w − shrink(e) with shrink(x) = sign(x)·max(0, |x| −
 * |x|^(p−1) / β), and the sums that the next scale and zero point follow from.
 */
class ShrunkSums {
  /** Σ|e|^p in units. */
  norm = 0
  readonly #largest: number
  #targets = 0
  #codes = 0
  #products = 0
  #squares = 0

  constructor(largest: number) {
    this.#largest = largest
  }

  collect(
    values: Float32Array,
    { scale, zero }: BlockParameters,
    unit: number,
    beta: number,
  ): void {
    const [inverse, perUnit, largest] = [1 / scale, 1 / unit, this.#largest]
    let [norm, targets, codes, products, squares] = [0, 0, 0, 0, 0]
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index] ?? 0
      const code = codeOf(value, inverse, zero, largest)
      const error = value - scale * (code - zero)
      const size = Math.abs(error) * perUnit
      const power = powerOf(size)
      norm += power
      const kept = size === 0 ? 0 : size - power / (size * beta)
      const target = kept <= 0 ? value : value - (error > 0 ? kept : -kept) * unit
      targets += target
      codes += code
      products += code * target
      squares += code * code
    }
    this.norm = norm
    this.#targets = targets
    this.#codes = codes
    this.#products = products
    this.#squares = squares
  }

  /** z = round(mean(q − T / s)) unless it is fixed, then s = Σ T·(q − z) / Σ (q − z)². */
  solve(count: number, { symmetric }: BlockSettings, current: BlockParameters): void {
    if (!symmetric) {
      const zero = Math.round((this.#codes - this.#targets / current.scale) / count)
      current.zero = Math.max(0, Math.min(this.#largest, zero))
    }
    const { zero } = current
    const product = this.#products - zero * this.#targets
    const square = this.#squares - 2 * zero * this.#codes + count * zero * zero
    const scale = Math.fround(product / square)
    if (scale > 0 && Number.isFinite(scale)) current.scale = scale
  }
}

// The range whose quantizer errs least on a histogram: minimum of Σ count·(x − Q(x))², both ends searched in turn.

import type { HistogramBins } from './activation-histogram.ts'
import { activationParameters } from './activation-parameters.ts'
import type { Range } from './quantize-result.ts'

/** Ends are tried at these shares of the largest value, then between the neighbours of the best. */
const COARSE_STEPS = 28
const COARSE_RATIO = 2 ** -0.25
const FINE_STEPS = 8

/** An error so many times the least ends the search. */
const HOPELESS = 8
const SWEEPS = 2

/** Σ count·(x − Q(x))² ÷ Σ count. */
export function squaredError({ values, counts }: HistogramBins, range: Range): number {
  const { scale, zeroPoint } = activationParameters(range)
  let error = 0
  let total = 0
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0
    const count = counts[index] ?? 0
    const level = Math.max(0, Math.min(255, Math.round(value / scale) + zeroPoint))
    const difference = value - (level - zeroPoint) * scale
    error += count * difference * difference
    total += count
  }
  return total === 0 ? 0 : error / total
}

/** `range`: smallest and largest value seen; the result lies within. */
export function squaredErrorRange(bins: HistogramBins, range: Range): Range {
  let best = range
  const isTwoSided = range.low < 0 && range.high > 0
  if (isTwoSided) best = bestShare(bins, (share) => scaled(range, share, share))
  for (let sweep = 0; sweep < (isTwoSided ? SWEEPS : 1); sweep += 1) {
    const { low } = best
    if (range.high > 0) best = bestShare(bins, (share) => ({ low, high: range.high * share }))
    const { high } = best
    if (range.low < 0) best = bestShare(bins, (share) => ({ low: range.low * share, high }))
  }
  return best
}

function scaled({ low, high }: Range, forLow: number, forHigh: number): Range {
  return { low: low * forLow, high: high * forHigh }
}

function bestShare(bins: HistogramBins, rangeAt: (share: number) => Range): Range {
  let best = { share: 1, error: squaredError(bins, rangeAt(1)) }
  const consider = (share: number): number => {
    const error = squaredError(bins, rangeAt(share))
    if (error < best.error) best = { share, error }
    return error
  }
  for (let step = 1; step <= COARSE_STEPS; step += 1) {
    // What is cut off only grows.
    if (consider(COARSE_RATIO ** step) > HOPELESS * best.error) break
  }
  const [from, to] = [best.share * COARSE_RATIO, Math.min(1, best.share / COARSE_RATIO)]
  for (let step = 1; step < FINE_STEPS; step += 1)
    consider(from + ((to - from) * step) / FINE_STEPS)
  return rangeAt(best.share)
}

// A range that leaves out the rarest values: of non-negative activations the largest share 1 − p, of others half of it at each end.

import type { HistogramBins } from './activation-histogram.ts'
import type { Range } from './quantize-result.ts'

/** `percentile`: 0 to 100. `range`: smallest and largest value seen. */
export function percentileRange(
  { values, counts }: HistogramBins,
  range: Range,
  percentile: number,
): Range {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const isTwoSided = range.low < 0 && range.high > 0
  const cut = (total * (1 - percentile / 100)) / (isTwoSided ? 2 : 1)
  const low = range.low < 0 ? valueAt(values, counts, cut, 1) : range.low
  const high = range.high > 0 ? valueAt(values, counts, cut, -1) : range.high
  return { low: Math.max(low, range.low), high: Math.min(high, range.high) }
}

/** The value from which on, in this direction, more than `cut` elements were met. */
function valueAt(values: Float64Array, counts: Float64Array, cut: number, step: 1 | -1): number {
  let index = step === 1 ? 0 : values.length - 1
  for (let met = counts[index] ?? 0; met <= cut; met += counts[index] ?? 0) {
    const next = index + step
    if (next < 0 || next >= values.length) break
    index = next
  }
  return values[index] ?? 0
}

// One activation's range from its histogram, by name of the method.

import type { HistogramBins } from './activation-histogram.ts'
import { entropyRange } from './entropy-range.ts'
import { percentileRange } from './percentile-range.ts'
import type { Range } from './quantize-result.ts'
import { squaredErrorRange } from './squared-error-range.ts'

export const RANGE_METHODS = ['minmax', 'mse', 'percentile', 'entropy'] as const
export type RangeMethod = (typeof RANGE_METHODS)[number]

/** `range`: smallest and largest value seen; the result lies within. */
export function rangeBy(
  method: RangeMethod,
  bins: HistogramBins,
  range: Range,
  percentile: number,
): Range {
  if (method === 'percentile') return percentileRange(bins, range, percentile)
  if (method === 'entropy') return entropyRange(bins, range)
  return method === 'mse' ? squaredErrorRange(bins, range) : range
}

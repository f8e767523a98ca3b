// The range whose quantized distribution diverges least from the true one: minimum over thresholds T of KL(P‖Q), P the histogram
// with everything above T counted at T, Q its bins merged to as many groups as there are levels.

import type { HistogramBins } from './activation-histogram.ts'
import type { Range } from './quantize-result.ts'

const BINS = 2048

/** Probability that an empty bin of Q is given. */
const SMOOTHING = 1e-4

/** `range`: smallest and largest value seen. Zeros are left out: every quantizer holds them exactly. */
export function entropyRange(bins: HistogramBins, range: Range): Range {
  const largest = Math.max(-range.low, range.high)
  if (largest === 0) return range
  const levels = range.low < 0 && range.high > 0 ? 128 : 256
  const threshold = ((bestCut(magnitudes(bins, largest), levels) + 0.5) * largest) / BINS
  return { low: Math.max(range.low, -threshold), high: Math.min(range.high, threshold) }
}

function magnitudes({ values, counts }: HistogramBins, largest: number): Float64Array {
  const histogram = new Float64Array(BINS)
  values.forEach((value, index) => {
    if (value === 0) return
    const bin = Math.min(BINS - 1, Math.floor((Math.abs(value) / largest) * BINS))
    histogram[bin] = (histogram[bin] ?? 0) + (counts[index] ?? 0)
  })
  return histogram
}

/** Sums before each bin: of counts, of bins in use, of count · log count. */
interface Prefixes {
  readonly counts: Float64Array
  readonly used: Float64Array
  readonly entropy: Float64Array
}

/**
 * The number of bins below the threshold. With S all counts, S' those below T and m the mean of a group's used bins,
 * KL = [Σ h·log h − Σ_groups s·log m]/S + (S'/S)·log(S'/S), and the last bin also holds what lies above T.
 */
export function bestCut(histogram: Float64Array, levels: number): number {
  const prefixes = prefixSums(histogram)
  const total = prefixes.counts[histogram.length] ?? 0
  let best = histogram.length
  let least = Infinity
  for (let cut = levels; cut <= histogram.length; cut += 1) {
    const divergence = divergenceAt(histogram, prefixes, cut, levels, total)
    if (divergence <= least) {
      least = divergence
      best = cut
    }
  }
  return best
}

function prefixSums(histogram: Float64Array): Prefixes {
  const counts = new Float64Array(histogram.length + 1)
  const used = new Float64Array(histogram.length + 1)
  const entropy = new Float64Array(histogram.length + 1)
  histogram.forEach((count, index) => {
    counts[index + 1] = (counts[index] ?? 0) + count
    used[index + 1] = (used[index] ?? 0) + (count > 0 ? 1 : 0)
    entropy[index + 1] = (entropy[index] ?? 0) + (count > 0 ? count * Math.log(count) : 0)
  })
  return { counts, used, entropy }
}

function divergenceAt(
  histogram: Float64Array,
  { counts, used, entropy }: Prefixes,
  cut: number,
  levels: number,
  total: number,
): number {
  const below = counts[cut] ?? 0
  if (below === 0 || total === 0) return Infinity
  const width = Math.floor(cut / levels)
  let merged = 0
  let lastMean = 0
  for (let group = 0; group < levels; group += 1) {
    const start = group * width
    const end = group === levels - 1 ? cut : start + width
    const sum = (counts[end] ?? 0) - (counts[start] ?? 0)
    const bins = (used[end] ?? 0) - (used[start] ?? 0)
    if (bins === 0) continue
    const mean = sum / bins
    merged += sum * Math.log(mean)
    if (end === cut) lastMean = mean
  }
  const divergence = ((entropy[cut] ?? 0) - merged + below * Math.log(below / total)) / total
  const last = histogram[cut - 1] ?? 0
  const tail = total - below
  if (tail === 0) return divergence
  const quantized = last > 0 ? lastMean / below : SMOOTHING
  const before = last > 0 ? (last / total) * Math.log(last / total / quantized) : 0
  const after = ((last + tail) / total) * Math.log((last + tail) / total / quantized)
  return divergence - before + after
}

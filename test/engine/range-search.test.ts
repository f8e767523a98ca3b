// Range searches on histograms against definitions followed word by word.

import { describe, expect, it } from 'vitest'
import { ActivationHistogram } from '#engine/quantize/activation-histogram'
import { activationParameters } from '#engine/quantize/activation-parameters'
import { bestCut, entropyRange } from '#engine/quantize/entropy-range'
import type { Range } from '#engine/quantize/quantize-result'
import { squaredErrorRange } from '#engine/quantize/squared-error-range'
import { normalValues } from './model-runs.ts'

/** Float16 bit patterns, rounded to the nearest. */
function codesOf(values: ArrayLike<number>): Uint16Array {
  return Uint16Array.from(values, (value) => {
    const magnitude = Math.abs(value)
    const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)))
    const code = Math.round(magnitude * 2 ** (10 - exponent)) - 1024 + (exponent + 15) * 1024
    return (value < 0 ? 0x8000 : 0) | Math.max(0, code)
  })
}

function histogramOf(values: ArrayLike<number>): { histogram: ActivationHistogram; range: Range } {
  const histogram = new ActivationHistogram()
  histogram.count(codesOf(values))
  const all = Array.from(values)
  histogram.extend({
    low: all.reduce((least, value) => Math.min(least, value), 0),
    high: all.reduce((most, value) => Math.max(most, value), 0),
  })
  return { histogram, range: histogram.range }
}

const NORMAL = normalValues(50_000, 1)
const OUTLIER = Float32Array.from([...NORMAL, 40])
const HEAVY = Float32Array.from(NORMAL, (value) => value ** 5)
const POSITIVE = HEAVY.map((value) => Math.max(0, value))

describe('activation histogram', () => {
  it('holds each value to 11 bits, ascending, and counts add up in any order', () => {
    const values = [-3, -0.001, 0, 0, 1e-5, 0.3333, 5, 5, 60_000]
    const { histogram } = histogramOf(values)
    const { values: bins, counts } = histogram.bins()
    const expected = [-3, -0.001, 0, 1e-5, 0.3333, 5, 60_000]
    expect(bins).toHaveLength(expected.length)
    expected.forEach((value, index) => {
      expect(Math.abs((bins[index] ?? NaN) - value)).toBeLessThanOrEqual(
        Math.abs(value) / 2000 + 3e-8,
      )
    })
    expect(Array.from(counts)).toEqual([1, 1, 2, 1, 1, 2, 1])
    const [one, other] = [histogramOf(NORMAL.slice(0, 300)), histogramOf(NORMAL.slice(300))]
    other.histogram.merge(one.histogram)
    expect(other.histogram.bins()).toEqual(histogramOf(NORMAL).histogram.bins())
  })
})

describe('entropy', () => {
  it('agrees with a search that spells every distribution out', () => {
    for (const seed of [1, 2, 3]) {
      const histogram = new Float64Array(96)
      for (const value of normalValues(4000, seed)) {
        const bin = Math.min(95, Math.floor(Math.abs(value) * 20))
        histogram[bin] = (histogram[bin] ?? 0) + 1
      }
      histogram[95] = 3
      expect(bestCut(histogram, 16)).toBe(spelledOut(Array.from(histogram), 16))
    }
  })

  it('does not let one outlier stretch the range', () => {
    const { histogram, range } = histogramOf(OUTLIER)
    const found = entropyRange(histogram.bins(), range)
    expect(range.high).toBe(40)
    expect(found.high).toBeGreaterThan(2)
    expect(found.high).toBeLessThan(8)
  })

  it('takes less than 50 ms for 2048 bins', () => {
    const histogram = Float64Array.from({ length: 2048 }, (_, bin) => Math.exp(-bin / 300) * 1e6)
    bestCut(histogram, 128)
    const start = performance.now()
    for (let round = 0; round < 3; round += 1) bestCut(histogram, 128)
    expect((performance.now() - start) / 3).toBeLessThan(50)
  })
})

/** argmin over i of KL(P‖Q): P of the first i bins with the tail in its last, Q of `levels` groups of h's first i bins. */
function spelledOut(histogram: readonly number[], levels: number): number {
  let [best, least] = [histogram.length, Infinity]
  for (let cut = levels; cut <= histogram.length; cut += 1) {
    const kept = histogram.slice(0, cut)
    const p = [...kept]
    p[cut - 1] = (p[cut - 1] ?? 0) + sum(histogram.slice(cut))
    const q = new Array<number>(cut).fill(0)
    const width = Math.floor(cut / levels)
    for (let group = 0; group < levels; group += 1) {
      const end = group === levels - 1 ? cut : (group + 1) * width
      const part = kept.slice(group * width, end)
      const used = part.filter((count) => count > 0).length
      part.forEach((count, index) => {
        if (count > 0) q[group * width + index] = sum(part) / used
      })
    }
    const [ofP, ofQ] = [sum(p), sum(q)]
    let divergence = 0
    p.forEach((count, index) => {
      if (count === 0) return
      const expected = (q[index] ?? 0) > 0 ? (q[index] ?? 0) / ofQ : 1e-4
      divergence += (count / ofP) * Math.log(count / ofP / expected)
    })
    if (divergence <= least + 1e-12) {
      least = divergence
      best = cut
    }
  }
  return best
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** Σ (x − Q(x))² of the values themselves. */
function errorOf(values: ArrayLike<number>, range: Range): number {
  const { scale, zeroPoint } = activationParameters(range)
  return Array.from(values).reduce((error, value) => {
    const level = Math.max(0, Math.min(255, Math.round(value / scale) + zeroPoint))
    return error + (value - (level - zeroPoint) * scale) ** 2
  }, 0)
}

describe('mse', () => {
  it.each([
    ['normal', NORMAL],
    ['heavy tails', HEAVY],
    ['heavy tails, none negative', POSITIVE],
  ])('errs no more than any range of a fine grid: %s', (_label, values) => {
    const { histogram, range } = histogramOf(values)
    const found = errorOf(values, squaredErrorRange(histogram.bins(), range))
    let best = Infinity
    for (let low = 1; low <= 20; low += 1) {
      for (let high = 1; high <= 20; high += 1) {
        const tried = { low: (range.low * low) / 20, high: (range.high * high) / 20 }
        best = Math.min(best, errorOf(values, tried))
      }
    }
    expect(found).toBeLessThan(best * 1.02)
  })
})

// Histograms count every code once, whatever weights and numbers of codes come in.

import { expect, it } from 'vitest'
import { ActivationHistogram } from '#engine/quantize/activation-histogram'
import { encodeFloat16 } from '#src/onnx/tensor-values'

/** Counts by value. */
function countsOf(histogram: ActivationHistogram): Record<number, number> {
  const { values, counts } = histogram.bins()
  return Object.fromEntries(Array.from(values, (value, at) => [value, counts[at] ?? 0]))
}

const CODES = encodeFloat16(Float32Array.of(0, 0, 1, -2, 0, 1, 3))

it('adds up codes of several weights, and again after it was read', () => {
  const histogram = new ActivationHistogram()
  histogram.extend({ low: -2, high: 3 })
  histogram.count(CODES)
  histogram.count(CODES.subarray(0, 4), 2.5)
  histogram.count(CODES.subarray(6))
  const first = { '-2': 3.5, '0': 8, '1': 4.5, '3': 2 }
  expect(countsOf(histogram)).toEqual(first)
  expect(countsOf(histogram)).toEqual(first)
  histogram.count(CODES.subarray(2, 3))
  expect(countsOf(histogram)).toEqual({ ...first, '1': 5.5 })
})

it('merges what two have counted', () => {
  const [one, other] = [new ActivationHistogram(), new ActivationHistogram()]
  for (const each of [one, other]) each.extend({ low: -2, high: 3 })
  one.count(CODES)
  other.count(CODES.subarray(0, 3), 2)
  one.merge(other)
  expect(countsOf(one)).toEqual({ '-2': 1, '0': 7, '1': 4, '3': 1 })
  expect(countsOf(other)).toEqual({ '0': 4, '1': 2 })
})

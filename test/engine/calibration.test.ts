// Calibration against plain statistics of the same values: of what the runtime hands out, sorted and counted here.

import { describe, expect, it } from 'vitest'
import type { CalibrationMethod } from '#engine/quantize/calibrate'
import { calibrate } from '#engine/quantize/calibrate'
import type { Range } from '#engine/quantize/quantize-result'
import { parseModel } from '#src/onnx/text/parse-model'
import type { Feeds } from './model-runs.ts'
import { floatTensor, normalValues, runtime } from './model-runs.ts'

const MODEL = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
  g (float[N, S] x) => (float[N, S] y)
  <float thousandth = {1e-6}, float million = {1e6}>
  { r = Relu(x)  small = Mul(x, thousandth)  large = Mul(x, million)  sum = Add(small, large)
    y = Add(sum, r) }`)

const NAMES = ['x', 'r', 'small', 'large']

async function ranges(method: CalibrationMethod['name'], feeds: Feeds[], percentile = 99) {
  const options = { method: { name: method, percentile }, threads: 1 }
  return await calibrate(MODEL, NAMES, feeds, runtime, options)
}

/** Batches of different sizes and lengths. */
const FEEDS: Feeds[] = [
  [3, 500],
  [1, 2000],
  [8, 100],
  [2, 1700],
].map((dims, index) => ({ x: floatTensor(dims, index + 1) }))

const VALUES = FEEDS.flatMap(({ x }) => Array.from(x?.data ?? [], Number)).toSorted((a, b) => a - b)

describe('calibration', () => {
  it('finds the smallest and largest value over batches of any shape', async () => {
    const { ranges: found, runs } = await ranges('minmax', FEEDS)
    expect(runs).toBe(4)
    expect(found.get('x')).toEqual({ low: VALUES[0], high: VALUES.at(-1) })
    expect(found.get('r')).toEqual({ low: 0, high: VALUES.at(-1) })
  })

  it.each([99.9, 99, 95])('cuts at the %f-th percentile of all values', async (percentile) => {
    const { ranges: found } = await ranges('percentile', FEEDS, percentile)
    const cut = Math.floor((VALUES.length * (1 - percentile / 100)) / 2)
    const expected = { low: VALUES[cut] ?? NaN, high: VALUES.at(-1 - cut) ?? NaN }
    // Codes have 11 bits.
    for (const [name, unit] of [
      ['x', 1],
      ['small', 1e-6],
      ['large', 1e6],
    ] as const) {
      const range = found.get(name)
      expect((range?.low ?? NaN) / (unit * expected.low)).toBeCloseTo(1, 2)
      expect((range?.high ?? NaN) / (unit * expected.high)).toBeCloseTo(1, 2)
    }
    const ofRelu = VALUES.map((value) => Math.max(0, value)).toSorted((a, b) => a - b)
    const share = Math.floor(VALUES.length * (1 - percentile / 100))
    expect((found.get('r')?.high ?? NaN) / (ofRelu.at(-1 - share) ?? NaN)).toBeCloseTo(1, 2)
  })

  it.each(['percentile', 'entropy', 'mse'] as const)(
    '%s gives the same ranges for any order and batching',
    async (method) => {
      const one = await ranges(method, FEEDS)
      const rows = FEEDS.flatMap(({ x }) => {
        const [count = 1, length = 1] = x?.dims ?? []
        const data = Float32Array.from(x?.data ?? [], Number)
        return Array.from({ length: count }, (_, row): Feeds => ({
          x: {
            dtype: 'float32',
            dims: [1, length],
            data: data.slice(row * length, (row + 1) * length),
          },
        }))
      })
      const other = await ranges(method, rows.reverse())
      expect(Object.fromEntries(other.ranges)).toEqual(Object.fromEntries(one.ranges))
    },
  )

  it('looks at every so many elements of values that are too large to hand out', async () => {
    const count = 2 ** 23 / NAMES.length + 1_000_001
    const values = normalValues(count, 5)
    values[12_345] = 40
    const feeds = [{ x: { dtype: 'float32', dims: [1, count], data: values } as const }]
    const found = (await ranges('percentile', feeds, 99)).ranges.get('x') as Range
    // Of a standard normal distribution.
    expect(found.high).toBeCloseTo(2.576, 1)
    expect((await ranges('minmax', feeds)).ranges.get('x')?.high).toBe(40)
  })

  it('keeps what leaves the model whole', async () => {
    const options = { method: { name: 'percentile', percentile: 95 }, threads: 1 } as const
    const { ranges: found, methods } = await calibrate(MODEL, ['y', 'r'], FEEDS, runtime, options)
    expect(methods.get('y')).toBe('minmax')
    expect(methods.get('r')).toBe('percentile')
    expect(found.get('y')?.high).toBeGreaterThan(1e6 * (VALUES.at(-1) ?? NaN) * 0.99)
  })

  it('refuses values that are not numbers, and no samples', async () => {
    const feeds = [
      { x: { dtype: 'float32', dims: [1, 2], data: Float32Array.of(1, NaN) } as const },
    ]
    await expect(ranges('auto', feeds)).rejects.toMatchObject({ code: 'invalid_weights' })
    await expect(ranges('auto', [])).rejects.toThrow(RangeError)
  })

  it('measures whether an outlier may be cut off', async () => {
    const weights = (outlier: number) =>
      parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[N, 64] x) => (float[N, 4] y)
        <float zero = {0}, float two = {2},
         float[64, 4] w = {${Array.from(normalValues(256, 9), (value, index) => (index < 4 ? outlier : value)).join()}}>
        { r = Relu(x)  y = MatMul(r, w) }`)
    const feeds = Array.from({ length: 4 }, (_, seed) => {
      const x = floatTensor([16, 64], seed)
      for (let row = 0; row < 16; row += 1) x.data[64 * row] = 500
      return { x }
    })
    const method = { name: 'auto', percentile: 98 } as const
    const auto = async (outlier: number) => {
      const model = weights(outlier)
      return await calibrate(model, ['r'], feeds, runtime, { method, threads: 1 })
    }
    // The first element is 500 throughout and nothing reads it, or all depends on it.
    const idle = await auto(0)
    expect(idle.ranges.get('r')?.high).toBeLessThan(10)
    expect(idle.methods.get('r')).not.toBe('minmax')
    const telling = await auto(1)
    expect(telling.ranges.get('r')?.high).toBeGreaterThan(490)
  })
})

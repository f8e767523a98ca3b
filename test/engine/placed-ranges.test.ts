// Which ranges a placement is given: those whose noise on it is clearly less, and none are tried where `auto` had no others.

import { expect, it } from 'vitest'
import type { Calibration } from '#engine/quantize/calibrate'
import { calibrate } from '#engine/quantize/calibrate'
import { placedRanges } from '#engine/quantize/placed-ranges'
import type { RangeMethod } from '#engine/quantize/range-method'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { normalValues, runtime } from './model-runs.ts'

const MODEL = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
  g (float[N, 4] x) => (float[N, 4] y) { y = Relu(x) }`)

function calibrationOf(highs: Partial<Record<RangeMethod, number>>): Calibration {
  const ranges = (high: number) => new Map([['x', { low: 0, high }]])
  const alternatives = new Map(
    Object.entries(highs).map(([method, high]) => [method as RangeMethod, ranges(high)]),
  )
  const methods = new Map([['x', 'minmax' as const]])
  return { ranges: ranges(8), methods, alternatives, unbounded: new Set(), runs: 1 }
}

/** `noises`: by the end of the range. */
async function chosen(
  highs: Partial<Record<RangeMethod, number>>,
  noises: Readonly<Record<number, number>>,
): Promise<{ readonly method: string | undefined; readonly tried: readonly number[] }> {
  const tried: number[] = []
  const build = ({ ranges }: Calibration): Model => {
    tried.push(ranges.get('x')?.high ?? 0)
    return MODEL
  }
  const noise = () => Promise.resolve(noises[tried.at(-1) ?? 0] ?? 1)
  const { methods } = await placedRanges(calibrationOf(highs), build, noise)
  return { method: methods.get('x'), tried }
}

it.each([
  ['nothing is tried without others', {}, {}, 'minmax', []],
  [
    'what is clearly better is taken',
    { mse: 4, entropy: 2 },
    { 8: 1, 4: 0.6, 2: 0.9 },
    'mse',
    [8, 4, 2],
  ],
  ['what is hardly better is not', { mse: 4 }, { 8: 1, 4: 0.8 }, 'minmax', [8, 4]],
  [
    'the best of several',
    { mse: 4, percentile: 2 },
    { 8: 1, 4: 0.6, 2: 0.3 },
    'percentile',
    [8, 4, 2],
  ],
] as const)('%s', async (_, highs, noises, method, tried) => {
  expect(await chosen(highs, noises)).toEqual({ method, tried })
})

it.each([
  ['as near as can be', 1, []],
  ['far from it for an outlier', 4000, ['minmax', 'mse', 'percentile', 'entropy']],
] as const)('smallest and largest value %s', async (_, factor, methods) => {
  // The outlier decides nothing: its weights are zero.
  const weight = normalValues(128, 1).map((value, at) => (at >> 3 === 3 ? 0 : value))
  const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, 16] x) => (float[N, 8] y) <float[16, 8] w = {${weight.join()}}>
    { z = Relu(x)  y = MatMul(z, w) }`)
  const dims = [8, 16]
  const values = Float32Array.from(normalValues(128, 2), (value, at) => {
    return at === 3 ? Math.abs(value) * factor : value
  })
  const feeds = [0, 1].map((at) => ({
    x: { dtype: 'float32', dims, data: at === 0 ? normalValues(128, 3) : values } as const,
  }))
  const method = { name: 'auto', percentile: 99.9 } as const
  const made = await calibrate(model, ['x', 'z'], feeds, runtime, { method, threads: 1 })
  expect([...made.alternatives.keys()]).toEqual(methods)
})

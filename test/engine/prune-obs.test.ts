// SparseGPT against plain masks.

import { describe, expect, test } from 'vitest'
import { nmMask } from '#engine/prune/n-m-mask'
import { fractionChoice, nmChoice } from '#engine/prune/obs/obs-choices'
import { obsMasks } from '#engine/prune/obs/obs-masks'
import { obsFactor, pruneByObs } from '#engine/prune/obs/sparse-obs'
import { unstructuredMask } from '#engine/prune/unstructured-mask'
import { maskWeights } from '#engine/prune/weight-masks'
import { copyModel } from '#engine/rewrite/copy-model'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import type { Feeds } from './model-runs.ts'
import { floatTensor, outputNoise, runtime } from './model-runs.ts'

describe('SparseGPT', () => {
  test('of two inputs that are always the same, one takes over what the other did', () => {
    const values = Float32Array.from([1, 2, 5, 1])
    const gram = Float64Array.from([4, 4, 4, 4])
    // One row for each input: the weights of both outputs.
    const choice = nmChoice(1, 2, 2, 1)
    pruneByObs({ values, rows: 2, columns: 2 }, obsFactor(gram, [0, 1])!, choice)
    const close = [0, 0, 6, 3].map((value) => expect.closeTo(value, 1) as number)
    expect([...values]).toEqual(close)
  })

  test('takes the share asked for of each block of columns', () => {
    const { blocks, mask } = fractionChoice(0.25, 300)
    expect(blocks.map(({ length }) => length)).toEqual([128, 128, 44])
    expect([...mask(Float32Array.from([4, 1, 3, 2]), 2)]).toEqual([1, 0, 1, 1])
  })

  test.each([
    [
      '50 %',
      { kind: 'unstructured', scope: { kind: 'layer' }, amount: { kind: 'sparsity', value: 0.5 } },
    ],
    [
      '50 % of all',
      { kind: 'unstructured', scope: { kind: 'global' }, amount: { kind: 'sparsity', value: 0.5 } },
    ],
    ['2:4', { kind: 'n_m', n: 2, m: 4 }],
  ] as const)('errs at most half as much as magnitude: %s', async (_, rule) => {
    const original = mixingNetwork()
    const feeds = {
      async *[Symbol.asyncIterator]() {
        yield mixedPictures(48, 1)
      },
    }
    const mask =
      rule.kind === 'n_m' ? nmMask(rule.n, rule.m) : unstructuredMask(rule.scope, rule.amount)
    const options = { rule: 'prune', excludedLayers: [], feeds }
    const [plain, fitted] = [copyModel(original), copyModel(original)]
    const whole = { ...options, importance: 'magnitude', seed: 0, gradients: 'none' } as const
    const before = await maskWeights(plain, mask, whole, runtime)
    const after = await obsMasks(fitted, rule, { ...options, fallback: mask }, runtime)
    const zeros = Number(after.details['zeros'])
    expect(zeros / Number(after.details['elements'])).toBeCloseTo(
      rule.kind === 'n_m' ? 0.4 : 0.5,
      0,
    )
    expect(zeros).toBeGreaterThanOrEqual(0.95 * Number(before.details['zeros']))
    const test = mixedPictures(64, 2)
    // Half the error is 6 dB.
    const gain =
      (await outputNoise(original, fitted, test)) - (await outputNoise(original, plain, test))
    expect(gain).toBeGreaterThan(6)
  })
})

function mixingNetwork(): Model {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[B, 4, 6, 6] x) => (float[B, 5] y) <
      float[16, 4, 3, 3] w1 = random(11, 0.3), float[16] b1 = random(12, 0.1),
      float[16, 16, 3, 3] w2 = random(13, 0.15), float[16] b2 = random(14, 0.1), float[16, 5] w3 = random(15, 0.4)
    > { a = Conv<pads=[1,1,1,1]>(x, w1, b1) r = Relu(a) c = Conv<pads=[1,1,1,1]>(r, w2, b2) s = Relu(c)
        p = GlobalAveragePool(s) f = Flatten(p) y = MatMul(f, w3) }`)
}

/** Few sources make all pixels: weights can stand in for each other. */
function mixedPictures(count: number, seed: number): Feeds {
  const size = 4 * 36
  const sources = floatTensor([count, 6], seed).data as Float32Array
  const data = Float32Array.from({ length: count * size }, (_, index) => {
    const [sample, at] = [Math.floor(index / size), index % size]
    let value = 0
    for (let source = 0; source < 6; source += 1) {
      value += (sources[sample * 6 + source] ?? 0) * Math.sin((at * (source + 1)) / 17 + source)
    }
    return value
  })
  return { x: { dtype: 'float32', dims: [count, 4, 6, 6], data } }
}

// Layers as two of lower rank, by numeric equality where nothing is lost, and by error where something is.

import { describe, expect, test } from 'vitest'
import { chooseRank } from '#engine/factorize/choose-rank'
import type { RankRule } from '#engine/factorize/choose-rank'
import type { FactorizeResult } from '#engine/factorize/factorize'
import { factorize } from '#engine/factorize/factorize'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Model } from '#src/onnx/ir/model'
import { floatValues } from '#src/onnx/tensor-values'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { seededRandom } from '#test/support/seeded-random'

const runtime = openRuntime()
const HEAD = '<ir_version: 10, opset_import: ["" : 17]>'

type Feeds = Readonly<Record<string, RuntimeTensor>>

interface Case {
  readonly text: string
  readonly x: readonly number[]
  /** Inputs of what has no integer kernel are not measured. */
  readonly isMeasured?: boolean
}

const CASES: Readonly<Record<string, Case>> = {
  'a convolution with strides, pads and dilations': {
    text: `g (float[n, 24, 9, 11] x) => (float[n, m, h, w] y) <float[40, 24, 3, 3] w1 = random(1, 0.2), float[40] b = random(2, 1)>
      { y = Conv <strides = [2, 1], pads = [1, 0, 2, 1], dilations = [1, 2]> (x, w1, b) }`,
    x: [2, 24, 9, 11],
  },
  'a convolution of single positions': {
    text: `g (float[n, 32, 5, 5] x) => (float[n, m, h, w] y) <float[48, 32, 1, 1] w1 = random(3, 0.2)> { y = Conv (x, w1) }`,
    x: [3, 32, 5, 5],
  },
  'a convolution over time': {
    text: `g (float[n, 32, 20] x) => (float[n, m, t] y) <float[32, 32, 5] w1 = random(3, 0.2), float[32] b = random(4, 1)> { y = Conv <pads = [2, 2]> (x, w1, b) }`,
    x: [2, 32, 20],
  },
  'Gemm with a transposed weight and factors': {
    text: `g (float[n, 40] x) => (float[n, 64] y) <float[64, 40] w1 = random(5, 0.2), float[64] b = random(6, 1)>
      { y = Gemm <transB = 1, alpha = 0.5, beta = 2.0> (x, w1, b) }`,
    x: [7, 40],
    isMeasured: false,
  },
  'Gemm with a transposed weight': {
    text: `g (float[n, 40] x) => (float[n, 64] y) <float[64, 40] w1 = random(5, 0.2), float[64] b = random(6, 1)>
      { y = Gemm <transB = 1> (x, w1, b) }`,
    x: [7, 40],
  },
  'Gemm of more inputs than outputs': {
    text: `g (float[n, 64] x) => (float[n, 40] y) <float[64, 40] w1 = random(5, 0.2), float[40] b = random(6, 1)> { y = Gemm (x, w1, b) }`,
    x: [7, 64],
  },
  'MatMul over the last axis of four': {
    text: `g (float[n, 2, 3, 48] x) => (float[n, 2, 3, 80] y) <float[48, 80] w1 = random(7, 0.2)> { y = MatMul (x, w1) }`,
    x: [2, 2, 3, 48],
  },
}

async function outputOf(model: Model, feeds: Feeds): Promise<Float32Array> {
  const session = await runtime.load(modelBytes(model, 'inline'), {
    threads: 1,
    optimization: 'all',
  })
  const { y } = await session.run(feeds)
  await session.release()
  return y!.data as Float32Array
}

function feedsOf(dims: readonly number[], seed: number): Feeds {
  const random = seededRandom(seed)
  const size = dims.reduce((product, dim) => product * dim, 1)
  // Neighbours are alike: what inputs really hold has directions.
  let last = 0
  const data = Float32Array.from({ length: size }, () => {
    last = 0.9 * last + random() - 0.5
    return last
  })
  return { x: { dtype: 'float32', dims, data } }
}

/** The weight becomes one of rank 4, which leaves it no other energy. */
function ofRankFour(model: Model): Model {
  const weight = model.graph.initializers.get('w1')!
  const { dims, name } = weight.constant!
  const rows = dims[0]!
  const columns = dims.slice(1).reduce((product, dim) => product * dim, 1)
  const values = floatValues(weight.constant!)
  const low = new Float32Array(rows * columns)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      for (let at = 0; at < 4; at += 1) {
        low[row * columns + column]! += values[row * columns + at]! * values[at * columns + column]!
      }
    }
  }
  model.graph.setInitializer(weight, typedTensor(name, 'float32', dims, low))
  return model
}

const run = (
  model: Model,
  rule: RankRule,
  batches: readonly Feeds[],
  excludedLayers: readonly string[] = [],
): Promise<FactorizeResult> =>
  factorize(model, { rule, excludedLayers, threads: 1, progress: () => {} }, batches, runtime)

const errorOf = (own: Float32Array, wanted: Float32Array): number => {
  const energy = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0)
  return Math.sqrt(energy(own.map((value, at) => value - wanted[at]!)) / energy(wanted))
}

describe.each(Object.entries(CASES))('%s', (_, { text, x, isMeasured = true }) => {
  const model = (): Model => parseModel(`${HEAD} ${text}`)

  test.each([true, false])('of rank 4 stays what it was, with samples: %s', async (isSeen) => {
    const feeds = feedsOf(x, 3)
    const original = ofRankFour(model())
    const wanted = await outputOf(original, feeds)
    const { details } = await run(original, { kind: 'rank', value: 4 }, isSeen ? [feeds] : [])
    expect(details).toMatchObject({
      factorized: 1,
      layers: [{ rank: 4, measured: isSeen && isMeasured }],
    })
    expect([...original.graph.nodes()]).toHaveLength(2)
    expect(errorOf(await outputOf(original, feeds), wanted)).toBeLessThan(1e-5)
  })

  test('samples choose a space that loses less of the outputs, as much as is said', async () => {
    const seen = feedsOf(x, 5)
    const wanted = await outputOf(model(), seen)
    const errors: number[] = []
    for (const batches of [[seen], []]) {
      const lower = model()
      const { details } = await run(lower, { kind: 'rank', value: 8 }, batches)
      const [layer] = details['layers'] as { energy: number }[]
      const error = errorOf(await outputOf(lower, seen), wanted)
      // What is added to every output is no part of the product.
      if (batches.length > 0 && !text.includes(' b = ')) {
        expect(error ** 2).toBeCloseTo(1 - layer!.energy, 3)
      }
      errors.push(error)
    }
    if (isMeasured) expect(errors[0]).toBeLessThan(errors[1]!)
    else expect(errors[0]).toBe(errors[1]!)
  })
})

describe('what stays whole', () => {
  test.each([
    [
      'groups',
      'g (float[n, 32, 5, 5] x) => (float[n, m, h, w] y) <float[32, 16, 3, 3] w1 = random(3, 0.2)> { y = Conv <group = 2> (x, w1) }',
      /not one dense product/,
    ],
    [
      'a weight of two readers',
      'g (float[n, 32] x) => (float[n, 32] y) <float[32, 32] w1 = random(3, 0.2)> { a = MatMul (x, w1) r = Relu (a) y = MatMul (r, w1) }',
      /several nodes read its weight/,
    ],
    [
      'a weight without a lower rank',
      'g (float[n, 32] x) => (float[n, 32] y) <float[32, 32] w1 = random(3, 0.2)> { y = MatMul (x, w1) }',
      /takes .* of its multiplications/,
    ],
  ])('%s', async (_, text, reason) => {
    const model = parseModel(`${HEAD} ${text}`)
    const { details, declined } = await run(model, { kind: 'energy', value: 0.999 }, [])
    expect(details['factorized']).toBe(0)
    expect(declined.some((one) => one.rule === 'factorize' && reason.test(one.reason))).toBe(true)
  })
})

describe('the rank', () => {
  const energies = [50, 30, 10, 5, 2, 1, 1, 0.5, 0.3, 0.2]

  test.each<[RankRule, number, number]>([
    [{ kind: 'energy', value: 0.8 }, 8, 0.995],
    [{ kind: 'energy', value: 0.997 }, 16, 1],
    [{ kind: 'rank', value: 3 }, 3, 0.9],
  ])('%j gives %i', (rule, rank, energy) => {
    const chosen = chooseRank(energies, [64, 64], rule)
    expect(chosen).toMatchObject({ rank })
    expect((chosen as { energy: number }).energy).toBeCloseTo(energy, 10)
  })

  test('a layer that gives nothing stays', () => {
    expect(chooseRank([0, 0], [64, 64], { kind: 'rank', value: 1 })).toMatch(/zeros/)
  })
})

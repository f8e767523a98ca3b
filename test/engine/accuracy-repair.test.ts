// Repairs of quantized models: equalization leaves the float model what it is; bias correction takes mean errors out.

import { describe, expect, it } from 'vitest'
import { biasCorrections, biasedLayers, layerMeans } from '#engine/quantize/correct-bias'
import { equalize } from '#engine/quantize/equalize'
import { equalizationPairs } from '#engine/quantize/equalization-pairs'
import { findSites } from '#engine/quantize/quantization-sites'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import type { StaticOptions } from '#engine/quantize/static'
import { copyModel } from '#engine/rewrite/copy-model'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import {
  floatConstant,
  floatTensor,
  normalValues,
  outputNoise,
  relativeDifference,
  runModel,
  runtime,
} from './model-runs.ts'

/** Weights [16, 3, 3, 3] whose output channels differ by up to 4^8. */
function unevenWeights(): string {
  const values = Array.from(normalValues(16 * 27, 1), (value, index) => {
    return (value * 4 ** ((Math.floor(index / 27) % 8) - 4)).toPrecision(6)
  })
  return `float[16, 3, 3, 3] w0 = {${values.join()}}`
}

/** Convolution, depthwise convolution, 1 × 1 convolutions of a shared input; `activation` turns `a` into `r`. */
function network(activation: string): Model {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
  g (float[N, 3, 10, 10] x) => (float[N, 4] y)
  <${unevenWeights()}, ${floatConstant('b0', [16], 2, 0.1)},
   ${floatConstant('w1', [16, 1, 3, 3], 3, 0.3)}, ${floatConstant('b1', [16], 4, 0.2)},
   ${floatConstant('w2', [8, 16, 1, 1], 5, 0.2)}, ${floatConstant('w3', [8, 16, 1, 1], 6, 0.2)},
   ${floatConstant('wf', [4, 8], 7, 0.4)}, ${floatConstant('bf', [4], 8)},
   float zero = {0}, float six = {6}>
  {
    [c0] a = Conv<pads = [1, 1, 1, 1]>(x, w0, b0)
    ${activation}
    p = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(r)
    [c1] b = Conv<group = 16, pads = [1, 1, 1, 1]>(p, w1, b1)
    s = Relu(b)
    [c2] c = Conv(s, w2)
    [c3] d = Conv(s, w3)
    sum = Add(c, d)
    t = Relu(sum)
    gap = GlobalAveragePool(t)
    f = Flatten(gap)
    [fc] y = Gemm<transB = 1>(f, wf, bf)
  }`)
}

const FEEDS = Array.from({ length: 12 }, (_, seed) => ({ x: floatTensor([4, 3, 10, 10], seed) }))
const NONE: ReadonlySet<string> = new Set()

describe('equalization', () => {
  it.each([
    ['Relu', 'r = Relu(a)', ['r', 's']],
    ['Relu6', 'r = Clip(a, zero, six)', ['r', 's']],
    ['nothing', 'r = Identity(a)', ['s']],
    ['an activation that is no multiple', 'r = Sigmoid(a)', ['s']],
  ])('behind %s changes no output of the float model', async (_label, activation, expected) => {
    const [original, model] = [network(activation), network(activation)]
    const equalized = await equalize(model, NONE, FEEDS, runtime, 1)
    expect(equalized).toEqual(expected)
    expect(modelBytes(model)).not.toEqual(modelBytes(original))
    for (const feeds of FEEDS) {
      const outputs = await runModel(original, feeds)
      expect(relativeDifference(outputs, await runModel(model, feeds))).toBeLessThan(1e-4)
    }
  })

  it('brings the channels of what a depthwise convolution reads to one magnitude', async () => {
    const model = network('r = Relu(a)')
    const spread = async (): Promise<number> => {
      const observed = copyModel(model)
      const { graph } = observed
      const value = [...graph.nodes()].find((node) => node.output(0)?.name === 'r')?.output(0)
      if (value) graph.outputs.splice(0, 1, value)
      const largest = new Float64Array(16)
      for (const feeds of FEEDS) {
        const { r } = await runModel(observed, feeds)
        r?.data.forEach((value, index) => {
          const channel = Math.floor(index / 100) % 16
          largest[channel] = Math.max(largest[channel] ?? 0, Number(value))
        })
      }
      const alive = largest.filter((value) => value > 0)
      return Math.max(...alive) / Math.min(...alive)
    }
    expect(await spread()).toBeGreaterThan(1000)
    await equalize(model, NONE, FEEDS, runtime, 1)
    // Scales end at 64.
    expect(await spread()).toBeLessThan(100)
  })

  it('leaves values alone that anything else reads', () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, 4] x) => (float[N, 4] y, float[N, 4] kept)
      <${floatConstant('w', [4, 4], 1)}, ${floatConstant('v', [4, 4], 2)}, float two = {2}>
      { a = MatMul(x, w)  kept = Relu(a)  b = MatMul(kept, v)  c = Relu(b)  d = MatMul(c, v)
        e = Mul(c, two)  y = Add(d, e) }`)
    expect(equalizationPairs(findSites(model, NONE))).toEqual([])
  })

  it('is kept only where it lessens the noise', async () => {
    const noise = async (equalization: boolean) => {
      const options = { ...PLAIN, equalize: equalization }
      const made = await staticCandidates(network('r = Relu(a)'), options, FEEDS, runtime)
      const [candidate] = made.candidates
      if (candidate === undefined) throw new Error('no candidate')
      const decibels = await outputNoise(network('r = Relu(a)'), candidate.model, UNSEEN)
      return { decibels, details: candidate.details, declined: candidate.declined }
    }
    const [without, tried] = [await noise(false), await noise(true)]
    if (tried.details['equalized'] === 0) {
      expect(tried.declined.map(({ rule }) => rule)).toContain('equalize')
      expect(tried.decibels).toBeCloseTo(without.decibels, 5)
    } else {
      expect(tried.decibels).toBeGreaterThan(without.decibels - 0.5)
    }
  })
})

const UNSEEN = { x: floatTensor([32, 3, 10, 10], 99) }
const PLAIN: StaticOptions = {
  ...STATIC_DEFAULTS,
  calibration: { name: 'minmax', percentile: 100 },
  equalize: false,
  smoothQuant: false,
  biasCorrection: false,
  placements: ['all-but-first'],
}

describe('bias correction', () => {
  /** A chain of layers in which every weight is rounded down: all outputs are too small on average. */
  const chain = (rounding: number): Model =>
    parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, 8, 6, 6] x) => (float[N, 8, 6, 6] y)
      <${[1, 2, 3].map((seed) => constant(`w${seed}`, [8, 8, 1, 1], seed, rounding)).join()}>
      { [c1] a = Conv(x, w1)  r = Relu(a)  [c2] b = Conv(r, w2)  s = Relu(b)  [c3] y = Conv(s, w3) }`)

  const positive = Array.from({ length: 6 }, (_, seed) => {
    return { x: magnitudes(floatTensor([8, 8, 6, 6], seed)) }
  })

  it('finds the mean error of each layer behind corrected ones', async () => {
    const [float, rounded] = [chain(0), chain(0.1)]
    const layers = biasedLayers(findSites(float, NONE))
    expect(layers.map(({ label }) => label)).toEqual(['c1', 'c2', 'c3'])
    const means = await layerMeans(float, layers, positive, runtime, 1)
    const corrections = await biasCorrections(rounded, means, runtime, 1)
    // Word by word: correct the first layer, run again, correct the second, run again.
    const biases: string[] = []
    for (const [index, layer] of ['a', 'b', 'y'].entries()) {
      const wanted = await meanOf(chain(0), layer, [], positive)
      const actual = await meanOf(chain(0.1), layer, biases, positive)
      const shift = wanted.map((mean, channel) => mean - (actual[channel] ?? 0))
      const found = corrections.get(`c${index + 1}`) ?? new Float64Array(8)
      shift.forEach((value, channel) => {
        const scale = Math.max(...wanted.map(Math.abs))
        expect(Math.abs(value - (found[channel] ?? NaN)) / scale).toBeLessThan(0.01)
      })
      biases.push(shift.join())
    }
  })

  it('lessens the noise of a depthwise network', async () => {
    const bright = FEEDS.map(({ x }) => ({ x: magnitudes(x) }))
    const noise = async (options: StaticOptions) => {
      const made = await staticCandidates(network('r = Relu(a)'), options, bright, runtime)
      const model = made.candidates[0]?.model ?? network('r = Relu(a)')
      return await outputNoise(network('r = Relu(a)'), model, { x: magnitudes(UNSEEN.x) })
    }
    // One scale for all channels rounds the small ones to few levels.
    const options = { ...PLAIN, perChannel: false }
    const before = await noise(options)
    expect(await noise({ ...options, biasCorrection: true })).toBeGreaterThan(before + 1)
  })

  it('gives the same bytes again', async () => {
    const bytes = async () => {
      const made = await staticCandidates(network('r = Relu(a)'), STATIC_DEFAULTS, FEEDS, runtime)
      return made.candidates.map(({ model }) => modelBytes(model))
    }
    expect(await bytes()).toEqual(await bytes())
  })
})

function magnitudes(tensor: RuntimeTensor): RuntimeTensor {
  return { ...tensor, data: Float32Array.from(Array.from(tensor.data, Number), Math.abs) }
}

function constant(name: string, dims: number[], seed: number, rounding: number): string {
  const values = Array.from(normalValues(64, seed), (value) => {
    const scaled = 0.3 * value
    return rounding === 0 ? scaled : Math.floor(scaled / rounding) * rounding
  })
  return `float[${dims.join()}] ${name} = {${values.join()}}`
}

/** Mean per channel of `value`, one of a, b, y, with these biases added to the layers before it. */
async function meanOf(
  model: Model,
  value: string,
  biases: readonly string[],
  feeds: readonly { readonly x: ReturnType<typeof floatTensor> }[],
): Promise<number[]> {
  const { graph } = model
  biases.forEach((bias, index) => {
    const text = `<opset_import: ["" : 17]> g (float[1] q) => (float[1] z) <float[8] bias${index} = {${bias}}> { z = Identity(q) }`
    const tensor = parseModel(text).graph.initializers.get(`bias${index}`)?.constant
    const node = [...graph.nodes()].find(({ name }) => name === `c${index + 1}`)
    if (tensor && node) node.setInput(2, graph.addInitializer(tensor))
  })
  const output = [...graph.nodes()].find((node) => node.output(0)?.name === value)?.output(0)
  if (output) graph.outputs.splice(0, graph.outputs.length, output)
  const sums = new Array<number>(8).fill(0)
  let count = 0
  for (const batch of feeds) {
    const data = (await runModel(model, batch))[value]?.data ?? new Float32Array()
    data.forEach((element, index) => {
      const channel = Math.floor(index / 36) % 8
      sums[channel] = (sums[channel] ?? 0) + Number(element)
    })
    count += data.length / 8
  }
  return sums.map((sum) => sum / count)
}

// SmoothQuant leaves the float model what it is, and helps where channels of an activation stand out.

import { describe, expect, it } from 'vitest'
import { smoothQuant } from '#engine/quantize/smooth-quant'
import type { StaticOptions } from '#engine/quantize/static'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import {
  floatConstant,
  floatTensor,
  normalValues,
  outputNoise,
  relativeDifference,
  runModel,
  runtime,
} from './model-runs.ts'

/** Gains of a normalization: two channels of 32 are a hundred times the others. */
const GAINS = Array.from(normalValues(32, 1), (value, index) =>
  ((1 + 0.2 * value) * (index % 16 === 3 ? 100 : 1)).toFixed(4),
)

const WEIGHTS = [
  `float[32] gain = {${GAINS.join()}}`,
  floatConstant('shift', [32], 2, 0.1),
  ...['q', 'k'].map((name, seed) => floatConstant(name, [32, 32], 3 + seed, 0.1)),
  floatConstant('out', [32, 8], 6, 0.1),
].join()

/** Two products of one normalized activation; `extra` is one more reader of it, or nothing. */
function network(extra: string): Model {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, 6, 32] x) => (float[N, 6, 8] y${extra === '' ? '' : ', float[N, 6, 32] z'})
    <${WEIGHTS}>
    { n = LayerNormalization(x, gain, shift)  ${extra}  [mq] a = MatMul(n, q)  [mk] b = MatMul(n, k)
      s = Add(a, b)  t = Relu(s)  [mo] y = MatMul(t, out) }`)
}

const FEEDS = Array.from({ length: 6 }, (_, seed) => ({ x: floatTensor([4, 6, 32], seed) }))
const NONE: ReadonlySet<string> = new Set()
const PLAIN: StaticOptions = {
  ...STATIC_DEFAULTS,
  calibration: { name: 'minmax', percentile: 100 },
  equalize: false,
  smoothQuant: false,
  biasCorrection: false,
  placements: ['products-only'],
}

describe('smooth quantization', () => {
  it.each([
    ['goes into the normalization', '', 0],
    ['is a node of its own where something else reads the activation', 'z = Neg(n)', 1],
  ])('%s, and changes no output', async (_label, extra, nodes) => {
    const [original, model] = [network(extra), network(extra)]
    expect(await smoothQuant(model, NONE, FEEDS, runtime, 1)).toContain('n')
    expect([...model.graph.nodes()].filter((node) => node.is('Mul'))).toHaveLength(nodes)
    for (const feeds of FEEDS) {
      const outputs = await runModel(original, feeds)
      expect(relativeDifference(outputs, await runModel(model, feeds))).toBeLessThan(1e-4)
    }
  })

  it('brings channels of the activation nearer to each other', async () => {
    const spread = async (model: Model): Promise<number> => {
      const value = [...model.graph.nodes()][0]?.output(0)
      if (value) model.graph.outputs.splice(0, 1, value)
      const largest = new Float64Array(32)
      const { n } = await runModel(model, { x: floatTensor([16, 6, 32], 50) })
      n?.data.forEach((element, index) => {
        largest[index % 32] = Math.max(largest[index % 32] ?? 0, Math.abs(Number(element)))
      })
      return Math.max(...largest) / Math.min(...largest)
    }
    const model = network('')
    await smoothQuant(model, NONE, FEEDS, runtime, 1)
    expect((await spread(model)) * 3).toBeLessThan(await spread(network('')))
  })

  it.each([
    ['folded', '', 2],
    ['as a node', 'z = Neg(n)', 2],
  ])('lessens the noise of outlying channels: %s', async (_label, extra, gain) => {
    const noise = async (isSmoothed: boolean): Promise<number> => {
      const options = { ...PLAIN, smoothQuant: isSmoothed }
      const made = await staticCandidates(network(extra), options, FEEDS, runtime)
      const [candidate] = made.candidates
      if (candidate === undefined) throw new Error('no candidate')
      expect(candidate.details['smoothed']).toBe(isSmoothed ? 1 : 0)
      expect(candidate.integerNodes).toContain('mq')
      return await outputNoise(network(extra), candidate.model, { x: floatTensor([16, 6, 32], 70) })
    }
    expect(await noise(true)).toBeGreaterThan((await noise(false)) + gain)
  })
})

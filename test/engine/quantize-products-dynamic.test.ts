// The candidate of static quantization whose products quantize their inputs while running. Noise is in dB on normal input.

import { describe, expect, test } from 'vitest'
import { quantizeDynamic } from '#engine/quantize/dynamic'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatConstant, floatTensor, outputNoise, runtime } from './model-runs.ts'

const BLOCK = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[N, 8, 64] x) => (float[N, 8, 64] y)
  <${floatConstant('w1', [64, 96], 1, 0.1)}, ${floatConstant('b1', [96], 2)},
   ${floatConstant('w2', [96, 64], 3, 0.1)}, ${floatConstant('g', [64], 4)}>
  {
    [m1] a = MatMul(x, w1)
    [a1] b = Add(a, b1)
    [r] c = Relu(b)
    [m2] d = MatMul(c, w2)
    e = Add(d, x)
    [n] y = LayerNormalization(e, g)
  }`

const FEEDS = Array.from({ length: 4 }, (_, at) => ({ x: floatTensor([2, 8, 64], 20 + at) }))

function count(model: Model, opType: string): number {
  return [...model.graph.nodes()].filter((node) => node.opType === opType).length
}

async function candidatesOf(text: string, feeds = FEEDS) {
  const made = await staticCandidates(parseModel(text), STATIC_DEFAULTS, feeds, runtime)
  const dynamic = made.candidates.find(({ placement }) => placement === 'products-dynamic')
  return { made, dynamic }
}

describe('products whose inputs are quantized while running', () => {
  test('are a candidate of a model of products, beside those of known ranges', async () => {
    const { made, dynamic } = await candidatesOf(BLOCK)
    if (dynamic === undefined) throw new Error('no such candidate')
    expect(made.candidates.map(({ placement }) => placement)).toContain('all-but-first')
    expect(dynamic.integerNodes).toEqual(['m1', 'm2'])
    expect(count(dynamic.model, 'MatMulInteger')).toBe(2)
    expect(await outputNoise(parseModel(BLOCK), dynamic.model, FEEDS[0]!)).toBeGreaterThan(30)
    const noise = await made.layerNoise(dynamic)
    for (const name of dynamic.integerNodes) expect(noise.get(name)).toBeGreaterThan(30)
  })

  test('are put back to float one by one', async () => {
    const { made, dynamic } = await candidatesOf(BLOCK)
    if (dynamic === undefined) throw new Error('no such candidate')
    const restored = await made.restore(dynamic, new Set(['m1']), 'integer')
    expect(restored.placement).toBe('products-dynamic')
    expect(restored.integerNodes).toEqual(['m2'])
    expect(await made.noise(dynamic, new Set(['m1', 'm2']))).toBeLessThan(
      await made.noise(dynamic, new Set()),
    )
  })

  test('stay where one put back to float leaves fewer than there are convolutions', async () => {
    const { made, dynamic } = await candidatesOf(
      `<ir_version: 8, opset_import: ["" : 17]>
        g (float[N, 64] x) => (float[N, 64] y)
        <${floatConstant('w1', [64, 64], 1, 0.1)}, ${floatConstant('w2', [64, 64], 2, 0.1)},
         ${floatConstant('c1', [1, 1, 3], 3)}, ${floatConstant('c2', [1, 1, 3], 4)}, int64[3] s = {0, 1, 64},
         int64[2] t = {0, 64}>
        {
          [m1] a = MatMul(x, w1) b = Reshape(a, s) c = Conv<pads = [1, 1]>(b, c1)
          d = Tanh(c) e = Conv<pads = [1, 1]>(d, c2) f = Reshape(e, t) [m2] y = MatMul(f, w2)
        }`,
      [{ x: floatTensor([2, 64], 40) }],
    )
    if (dynamic === undefined) throw new Error('no such candidate')
    expect(dynamic.integerNodes).toEqual(['m1', 'm2'])
    const restored = await made.restore(dynamic, new Set(['m1']), 'integer')
    expect(restored.integerNodes).toEqual(['m2'])
  })

  test('are none where convolutions do the work', async () => {
    const { dynamic } = await candidatesOf(
      `<ir_version: 8, opset_import: ["" : 17]>
        g (float[N, 3, 8, 8] x) => (float[N, 40] y)
        <${floatConstant('w0', [32, 3, 3, 3], 1, 0.3)}, ${floatConstant('w1', [32, 32, 3, 3], 2, 0.1)},
         ${floatConstant('w2', [32, 40], 3, 0.2)}>
        {
          a = Conv(x, w0) b = Relu(a) c = Conv(b, w1) d = GlobalAveragePool(c)
          e = Flatten(d) y = MatMul(e, w2)
        }`,
      Array.from({ length: 2 }, (_, at) => ({ x: floatTensor([1, 3, 8, 8], 30 + at) })),
    )
    expect(dynamic).toBeUndefined()
  })
})

test('a square weight that is read as it is and turned is stored both ways', async () => {
  const text = `<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, 40] x) => (float[N, 40] y)
    <${floatConstant('w', [40, 40], 6, 0.2)}>
    { [m] a = MatMul(x, w)  b = Relu(a)  [t] y = Gemm<transB = 1>(b, w) }`
  const options = { perChannel: true, excludedLayers: [] }
  const made = await quantizeDynamic(parseModel(text), options, runtime)
  const feeds = { x: floatTensor([3, 40], 7) }
  expect(await outputNoise(parseModel(text), made.model, feeds)).toBeGreaterThan(30)
})

describe('LSTM layers quantized while running', () => {
  const LSTM = `<ir_version: 8, opset_import: ["" : 17]>
    g (float[5, N, 24] x) => (float[a, b, c, d] y, float[e, f, h] last)
    <${floatConstant('w', [2, 128, 24], 1, 0.3)}, ${floatConstant('r', [2, 128, 32], 2, 0.2)},
     ${floatConstant('b', [2, 256], 3, 0.2)}>
    { [cell] y, last = LSTM<hidden_size = 32, direction = "bidirectional">(x, w, r, b) }`

  test.each([true, false])('are a candidate, perChannel %s', async (perChannel) => {
    const feeds = Array.from({ length: 3 }, (_, at) => ({ x: floatTensor([5, 2, 24], 40 + at) }))
    const options = { ...STATIC_DEFAULTS, perChannel, placements: ['products-dynamic'] as const }
    const made = await staticCandidates(parseModel(LSTM), options, feeds, runtime)
    const [candidate] = made.candidates
    if (candidate === undefined) throw new Error('no candidate')
    expect(candidate.integerNodes).toEqual(['cell'])
    expect(count(candidate.model, 'DynamicQuantizeLSTM')).toBe(1)
    expect(await outputNoise(parseModel(LSTM), candidate.model, feeds[0]!)).toBeGreaterThan(30)
    expect((await made.layerNoise(candidate)).get('cell')).toBeGreaterThan(30)
    const excluded = { ...options, excludedLayers: ['cell'] }
    const left = await staticCandidates(parseModel(LSTM), excluded, feeds, runtime)
    expect(left.candidates[0]?.integerNodes).toEqual([])
  })
})

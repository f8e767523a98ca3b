// Static quantization of small models with seeded weights. Inputs are normal; noise is given as dB of the outputs.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kernelCoverage } from '#engine/quantize/kernel-coverage'
import type { StaticOptions } from '#engine/quantize/static'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import type { Model } from '#src/onnx/ir/model'
import { OnnxError } from '#src/onnx/onnx-error'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelSize } from '#src/onnx/write-model'
import { intValues } from '#src/onnx/tensor-values'
import type { Feeds } from './model-runs.ts'
import { floatConstant, floatTensor, outputNoise, runtime } from './model-runs.ts'

const OPTIONS = STATIC_DEFAULTS
const ALL: StaticOptions = { ...OPTIONS, placements: ['all-but-first'] }

/** A residual network: first convolution, block with skip, pooling, classifier. */
const NETWORK = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[N, 3, 12, 12] x) => (float[N, 10] y)
  <${floatConstant('w0', [16, 3, 3, 3], 1, 0.3)}, ${floatConstant('w1', [16, 16, 3, 3], 2, 0.1)},
   ${floatConstant('w2', [16, 16, 3, 3], 3, 0.1)}, ${floatConstant('b1', [16], 4)},
   ${floatConstant('wf', [10, 16], 5, 0.4)}, ${floatConstant('bf', [10], 6)}>
  {
    [c0] a = Conv<pads = [1, 1, 1, 1]>(x, w0)
    [r0] r = Relu(a)
    [c1] b = Conv<pads = [1, 1, 1, 1]>(r, w1, b1)
    [r1] s = Relu(b)
    [c2] c = Conv<pads = [1, 1, 1, 1]>(s, w2)
    [sum] d = Add(c, r)
    [r2] e = Relu(d)
    [pool] p = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(e)
    [gap] q = GlobalAveragePool(p)
    [flat] f = Flatten(q)
    [fc] y = Gemm<transB = 1>(f, wf, bf)
  }`

function samples(dims: readonly number[], count: number): Feeds[] {
  return Array.from({ length: count }, (_, index) => ({ x: floatTensor(dims, 100 + index) }))
}

const IMAGES = samples([1, 3, 12, 12], 8)

async function quantized(text: string, feeds: readonly Feeds[], options = ALL): Promise<Model> {
  const { candidates } = await staticCandidates(parseModel(text), options, feeds, runtime)
  const [first] = candidates
  if (first === undefined) throw new Error('no candidate')
  return first.model
}

function operators(model: Model): string[] {
  return [...model.graph.nodes()].map(({ opType }) => opType)
}

async function coverageOf(model: Model) {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-coverage-'))
  try {
    return await kernelCoverage(model, runtime, folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('static quantization', () => {
  it('keeps the outputs within 25 dB and runs integer kernels', async () => {
    const made = await quantized(NETWORK, IMAGES)
    expect(
      await outputNoise(parseModel(NETWORK), made, { x: floatTensor([1, 3, 12, 12], 7) }),
    ).toBeGreaterThan(25)
    const { operators: counts, layers, integerMacs } = await coverageOf(made)
    // 3·16·9 per pixel in float; twice 16·16·9 per pixel, and 16·10 once, on integers.
    const total = 144 * (432 + 2 * 2304) + 160
    expect(integerMacs).toBeCloseTo((144 * 2 * 2304 + 160) / total, 6)
    expect(layers.find(({ node }) => node === 'c0')?.integer).toBe(false)
    expect(layers.find(({ node }) => node === 'fc')).toMatchObject({ kernel: 'QGemm', macs: 160 })
    expect(counts['QLinearConv']).toBe(2)
    expect(counts['QLinearAdd']).toBe(1)
    expect(counts['QGemm']).toBe(1)
  })

  it('leaves the convolution of the image in float, and drops every other Relu', async () => {
    const made = await quantized(NETWORK, IMAGES)
    expect(operators(made).filter((operator) => operator === 'Relu')).toHaveLength(1)
    expect(made.graph.inputs.map(({ name, type }) => [name, type])).toEqual([
      ['x', { kind: 'tensor', dtype: 'float32', shape: ['N', 3, 12, 12] }],
    ])
    expect(made.graph.outputs.map(({ name }) => name)).toEqual(['y'])
  })

  it('gives different candidates, each a whole model', async () => {
    const original = parseModel(NETWORK)
    const { candidates } = await staticCandidates(parseModel(NETWORK), OPTIONS, IMAGES, runtime)
    expect(candidates.map(({ placement }) => placement)).toContain('all-but-first')
    const counts = candidates.map(({ integerNodes }) => integerNodes.join())
    expect(new Set(counts).size).toBe(counts.length)
    for (const { model } of candidates) {
      expect(
        await outputNoise(original, model, { x: floatTensor([1, 3, 12, 12], 8) }),
      ).toBeGreaterThan(25)
      expect(modelSize(original) / modelSize(model)).toBeGreaterThan(2)
    }
  })

  it('leaves excluded layers as they are and reports names that no node has', async () => {
    const options = { ...ALL, excludedLayers: ['c1', 'nobody'] }
    const { candidates } = await staticCandidates(parseModel(NETWORK), options, IMAGES, runtime)
    const [made] = candidates
    expect(made?.integerNodes).not.toContain('c1')
    expect(made?.integerNodes).toContain('c2')
    const conv = [...(made?.model.graph.nodes() ?? [])].find(({ name }) => name === 'c1')
    expect(conv?.input(1)?.constant?.dtype).toBe('float32')
    expect(made?.declined).toContainEqual({
      rule: 'excluded_layers',
      node: 'nobody',
      reason: 'no node has this name',
    })
  })

  it('uses 7 bits of the weights with reduceRange', async () => {
    const made = await quantized(NETWORK, IMAGES, { ...ALL, reduceRange: true })
    const weights = [...made.graph.nodes()]
      .filter((node) => node.is('DequantizeLinear'))
      .flatMap((node) => node.input(0)?.constant ?? [])
      .filter((tensor) => tensor.dtype === 'int8')
    const largest = weights
      .flatMap(intValues)
      .reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    expect(weights.length).toBe(3)
    expect(largest).toBe(64)
  })

  it('names the tensor whose weights are not finite', async () => {
    const broken = NETWORK.replace(/(w2 = \{)[^,]+,/, '$1nan,')
    const failure = await quantized(broken, IMAGES).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(OnnxError)
    expect(failure).toMatchObject({ code: 'invalid_weights', where: { tensor: 'w2' } })
  })

  it('names the value that is NaN during calibration', async () => {
    const x = floatTensor([1, 3, 12, 12], 9)
    x.data[5] = NaN
    const failure = await quantized(NETWORK, [...IMAGES, { x }]).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'invalid_weights' })
    expect((failure as OnnxError).detail).toMatch(/is NaN for calibration batch 8/)
  })

  it('refuses to calibrate on nothing', async () => {
    await expect(quantized(NETWORK, [])).rejects.toThrow(RangeError)
  })

  it('gives channels of zeros a scale, and biases that would overflow a larger one', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 8, 6, 6] x) => (float[N, 4, 4, 4] y)
      <float[4, 8, 3, 3] w = {${Array.from({ length: 288 }, (_, index) => (index < 72 ? 0 : index < 144 ? 1e-9 : 0.01 * (index % 7))).join()}},
       float[4] b = {1, 1000, 2, -3}> { [c] y = Conv(x, w, b) }`
    const feeds = samples([1, 8, 6, 6], 4)
    const made = await quantized(text, feeds)
    expect(await outputNoise(parseModel(text), made, feeds[0] ?? {})).toBeGreaterThan(30)
  })

  it('leaves a quantized model alone, with the reason', async () => {
    const made = await quantized(NETWORK, IMAGES)
    const { candidates } = await staticCandidates(made, ALL, IMAGES, runtime)
    expect(candidates).toHaveLength(1)
    expect(candidates[0]?.model).toBe(made)
    expect(candidates[0]?.declined[0]?.reason).toMatch(/quantized already/)
  })

  it('stores weights only where the model cannot be raised to opset 13', async () => {
    const ones = Array.from({ length: 128 }, () => 1).join()
    const statistics = ['g', 'b', 'm', 'v'].map((name) => `float[8, 4, 4] ${name} = {${ones}}`)
    const text = `<ir_version: 4, opset_import: ["" : 8]> g (float[N, 16, 6, 6] x) => (float[N, 8, 4, 4] y)
      <${floatConstant('w', [8, 16, 3, 3], 31, 0.2)}, ${statistics.join()}>
      { [c] a = Conv(x, w)  [n] y = BatchNormalization<spatial = 0>(a, g, b, m, v) }`
    const feeds = samples([1, 16, 6, 6], 2)
    const { candidates } = await staticCandidates(parseModel(text), OPTIONS, feeds, runtime)
    expect(candidates.map(({ placement }) => placement)).toEqual(['weights-only'])
    const reasons = candidates[0]?.declined.map(({ reason }) => reason) ?? []
    expect(reasons.join()).toMatch(/could only be raised to 8/)
    const made = candidates[0]?.model ?? parseModel(text)
    expect(await outputNoise(parseModel(text), made, feeds[0] ?? {})).toBeGreaterThan(35)
  })

  it('stores float weights with a scale per output channel, small channels included', async () => {
    const weights = [floatConstant('w', [16, 16, 3, 3], 41, 0.2)]
    const gains = `float[16, 1, 1] k = {${Array.from({ length: 16 }, (_, index) => (index < 8 ? 1e-3 : 1)).join()}}`
    const back = `float[16, 1, 1] l = {${Array.from({ length: 16 }, (_, index) => (index < 8 ? 1e3 : 1)).join()}}`
    const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 16, 6, 6] x) => (float[N, 16, 4, 4] y)
      <${[...weights, gains, back].join()}> { [c] a = Conv(x, w)  m = Mul(a, k)  r = Relu(m)  y = Mul(r, l) }`
    const options = { ...OPTIONS, placements: ['weights-only'] } as const
    const made = await quantized(text, samples([1, 16, 6, 6], 2), options)
    const feeds = { x: floatTensor([1, 16, 6, 6], 43) }
    expect(await outputNoise(parseModel(text), made, feeds)).toBeGreaterThan(40)
    expect(modelSize(made)).toBeLessThan(modelSize(parseModel(text)) / 2.5)
  })

  it('quantizes around subgraphs', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 8, 6, 6] x, bool c) => (float[N, 8, 4, 4] y)
      <${floatConstant('w', [8, 8, 3, 3], 21, 0.2)}, ${floatConstant('v', [8, 8, 1, 1], 22, 0.2)}> {
        [c1] a = Conv(x, w)
        y = If (c) <then_branch = t () => (float[N, 8, 4, 4] p) { [in] p = Conv(a, v) },
                    else_branch = e () => (float[N, 8, 4, 4] q) { q = Relu(a) }>
      }`
    const c = { dtype: 'bool', dims: [], data: Uint8Array.of(1) } as const
    const feeds = samples([1, 8, 6, 6], 4).map((item) => ({ ...item, c }))
    const { candidates } = await staticCandidates(parseModel(text), ALL, feeds, runtime)
    expect(candidates[0]?.declined.map(({ reason }) => reason)).toContain(
      'it lies inside a subgraph',
    )
    const made = candidates[0]?.model ?? parseModel(text)
    expect(await outputNoise(parseModel(text), made, feeds[0] ?? {})).toBeGreaterThan(30)
  })
})

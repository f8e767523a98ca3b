// Operators that get another form to compute on integers: the same numbers in float, and kernels of integers once quantized.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { optimizedModel } from '#engine/quantize/runtime-graph'
import { findSites } from '#engine/quantize/quantization-sites'
import { expandSilu, fuseSilu } from '#engine/quantize/silu'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { writeAsConvolution } from '#engine/quantize/transposed-convolution'
import { nodeRulePass } from '#engine/rewrite/pass'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import {
  floatConstant,
  floatTensor,
  outputNoise,
  relativeDifference,
  runModel,
  runtime,
} from './model-runs.ts'

/** Float arithmetic in another order. */
const SAME = 2e-6

const HOST = { target: 'host', activations: 'uint8' } as const
function operators(model: Model): string[] {
  return [...model.graph.nodes()].map(({ opType }) => opType)
}

async function kernels(model: Model): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-forms-'))
  try {
    return operators(await optimizedModel(model, runtime, folder))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function integersOf(text: string, dims: readonly number[]): Promise<Model> {
  const feeds = Array.from({ length: 6 }, (_, index) => ({ x: floatTensor(dims, 50 + index) }))
  const options = { ...STATIC_DEFAULTS, placements: ['all-but-first'] as const }
  const { candidates } = await staticCandidates(parseModel(text), options, feeds, runtime)
  const [first] = candidates
  if (first === undefined) throw new Error('no candidate')
  return first.model
}

describe('transposed convolutions', () => {
  /** [kernel, stride, pads before, pads after, output padding] of rows and of columns. */
  const AXES = [
    [2, 2, 0, 0, 0],
    [3, 2, 1, 1, 1],
    [4, 2, 1, 1, 0],
    [3, 1, 1, 1, 0],
    [3, 3, 0, 0, 0],
    [4, 4, 0, 0, 0],
    [1, 1, 0, 0, 0],
    [3, 2, 0, 1, 0],
  ] as const
  const pairs = AXES.flatMap((rows, index) => {
    const columns = AXES[(5 * index + 2) % AXES.length] ?? rows
    return [[rows, rows] as const, [rows, columns] as const]
  })

  test.each(pairs)('rows %j, columns %j: the same numbers', async (rows, columns) => {
    const [seed, outputs] = [rows[0] * 100 + columns[0] * 10 + columns[2], 3]
    const text = `<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, 5, 4, 6] x) => (float[N, ${outputs}, H, W] z)
      <${floatConstant('w', [5, outputs, rows[0], columns[0]], seed)}, ${floatConstant('b', [outputs], seed + 1)}>
      {
        y = ConvTranspose<strides = [${rows[1]}, ${columns[1]}], output_padding = [${rows[4]}, ${columns[4]}],
          pads = [${rows[2]}, ${columns[2]}, ${rows[3]}, ${columns[3]}]>(x, w, b)
        z = Relu(y)
      }`
    const model = parseModel(text)
    const sites = findSites(model, new Set(), new Set(), HOST)
    const [entry] = sites.integer
    if (entry === undefined) throw new Error('it was declined')
    writeAsConvolution(model, entry[0], entry[1], sites.facts)
    expect(operators(model)).not.toContain('ConvTranspose')
    const feeds = { x: floatTensor([2, 5, 4, 6], seed + 2) }
    const wanted = await runModel(parseModel(text), feeds)
    expect(relativeDifference(wanted, await runModel(model, feeds))).toBeLessThan(SAME)
    expect(relativeDifference(wanted, await runModel(model, feeds, 'all'))).toBeLessThan(SAME)
  })

  test.each([
    ['strides = [2, 2], group = 2', '[4, 3, 2, 2]', '4, 4', 'groups'],
    ['strides = [2, 2]', '[4, 3, 3, 3]', '4, 4', 'multiple'],
    ['strides = [2, 2]', '[4, 3, 2, 2]', 'H, W', 'open'],
    ['strides = [2, 2], dilations = [2, 2]', '[4, 3, 2, 2]', '4, 4', 'multiple'],
    ['strides = [3, 3], pads = [1, 1, 1, 1]', '[4, 3, 5, 5]', '4, 4', 'overlap'],
  ])('%s of %s stays in float', (attributes, dims, sides, reason) => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[1, 4, ${sides}] x) => (float[a, b, c, d] y)
      <float${dims} w = random(1, 1)> { y = ConvTranspose<${attributes}>(x, w) }`)
    const { integer, declined } = findSites(model, new Set(), new Set(), HOST)
    expect(integer.size).toBe(0)
    expect(declined.map((item) => item.reason).join()).toContain(reason)
  })

  test('between convolutions of integers they are kernels of integers, pixels are spread as integers', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]>
      g (float[1, 3, 8, 8] x) => (float[1, 16, 16, 16] y)
      <${floatConstant('w0', [16, 3, 3, 3], 1, 0.3)}, ${floatConstant('w1', [16, 16, 2, 2], 2, 0.2)},
       ${floatConstant('w2', [16, 16, 3, 3], 3, 0.1)}, ${floatConstant('b1', [16], 4)}>
      {
        [c0] a = Conv<pads = [1, 1, 1, 1]>(x, w0)
        b = Relu(a)
        [up] c = ConvTranspose<strides = [2, 2]>(b, w1, b1)
        d = Relu(c)
        [c2] y = Conv<pads = [1, 1, 1, 1]>(d, w2)
      }`
    const made = await integersOf(text, [1, 3, 8, 8])
    const noise = await outputNoise(parseModel(text), made, { x: floatTensor([1, 3, 8, 8], 9) })
    expect(noise).toBeGreaterThan(25)
    const run = await kernels(made)
    expect(run.filter((name) => name === 'QLinearConv')).toHaveLength(2)
    expect(run).not.toContain('ConvTranspose')
    expect(run.filter((name) => name === 'QuantizeLinear')).toHaveLength(1)
    expect(run.filter((name) => name === 'DequantizeLinear')).toHaveLength(1)
  })

  test('their mean error is taken out through the bias, and their own noise is told', async () => {
    // Of ranges of 1 and 1/64 in one tensor, the small channels lose their means.
    const text = `<ir_version: 8, opset_import: ["" : 17]>
      g (float[1, 8, 6, 6] x) => (float[1, 4, 12, 12] y)
      <${floatConstant('w0', [16, 8, 1, 1], 1, 0.3)}, ${floatConstant('w1', [16, 4, 2, 2], 2, 0.02)}>
      { [c0] a = Conv(x, w0) b = Relu(a) [up] y = ConvTranspose<strides = [2, 2]>(b, w1) }`
    const feeds = Array.from({ length: 6 }, (_, at) => ({ x: floatTensor([1, 8, 6, 6], 50 + at) }))
    const meanErrors: number[] = []
    for (const biasCorrection of [false, true]) {
      const placements = ['all-but-first'] as const
      const options = { ...STATIC_DEFAULTS, equalize: false, placements, biasCorrection }
      const made = await staticCandidates(parseModel(text), options, feeds, runtime)
      const [candidate] = made.candidates
      if (candidate === undefined) throw new Error('no candidate')
      const sums = [0, 0, 0, 0]
      for (const batch of feeds) {
        const wanted = (await runModel(parseModel(text), batch))['y']?.data ?? []
        const actual = (await runModel(candidate.model, batch))['y']?.data ?? []
        wanted.forEach((value, at) => {
          const channel = Math.floor(at / 144)
          sums[channel] = (sums[channel] ?? 0) + Number(value) - Number(actual[at])
        })
      }
      meanErrors.push(Math.max(...sums.map(Math.abs)) / (144 * feeds.length))
      const noise = (await made.layerNoise(candidate)).get('up')
      expect(noise).toBeGreaterThan(25)
      expect(noise).toBeLessThan(60)
    }
    expect(meanErrors[1]).toBeLessThan((meanErrors[0] ?? 0) / 3)
  })
})

describe('SiLU', () => {
  const NETWORK = `<ir_version: 8, opset_import: ["" : 17]>
    g (float[1, 3, 8, 8] x) => (float[1, 16, 8, 8] y)
    <${floatConstant('w0', [16, 3, 3, 3], 1, 0.3)}, ${floatConstant('w1', [16, 16, 3, 3], 2, 0.1)},
     ${floatConstant('w2', [16, 16, 1, 1], 3, 0.2)}>
    {
      [c0] a = Conv<pads = [1, 1, 1, 1]>(x, w0)
      [s0] ga = Sigmoid(a)
      [m0] ra = Mul(a, ga)
      [c1] b = Conv<pads = [1, 1, 1, 1]>(ra, w1)
      [s1] gb = Sigmoid(b)
      [m1] rb = Mul(gb, b)
      [c2] c = Conv(rb, w2)
      [s2] gc = Sigmoid(c)
      [m2] y = Mul(c, gc)
    }`

  test('is one node and two again, the same numbers', async () => {
    const model = parseModel(NETWORK)
    const feeds = { x: floatTensor([1, 3, 8, 8], 8) }
    const wanted = await runModel(parseModel(NETWORK), feeds)
    await nodeRulePass(fuseSilu(new Set(['s1']))).run(model, runtime)
    expect(operators(model).filter((name) => name === 'QuickGelu')).toHaveLength(2)
    expect(operators(model).filter((name) => name === 'Sigmoid')).toHaveLength(1)
    expect(relativeDifference(wanted, await runModel(model, feeds))).toBeLessThan(SAME)
    expandSilu(model, new Set())
    expect(operators(model)).toEqual(operators(parseModel(NETWORK)))
    expect(model.opsetImports).toEqual(parseModel(NETWORK).opsetImports)
    expect(relativeDifference(wanted, await runModel(model, feeds))).toBeLessThan(SAME)
  })

  test('between convolutions of integers is one pass; in float it stays as it was', async () => {
    const made = await integersOf(NETWORK, [1, 3, 8, 8])
    const feeds = { x: floatTensor([1, 3, 8, 8], 9) }
    expect(await outputNoise(parseModel(NETWORK), made, feeds)).toBeGreaterThan(20)
    const run = await kernels(made)
    expect(run.filter((name) => name === 'QLinearConv')).toHaveLength(2)
    expect(run).not.toContain('QLinearSigmoid')
    expect(operators(made).filter((name) => name === 'Sigmoid')).not.toHaveLength(0)
    expect(operators(made).filter((name) => name === 'QuickGelu')).not.toHaveLength(0)
  })

  test('is left alone where the gate is read twice or is of something else', async () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[1, 4] x, float[1, 4] z) => (float[1, 4] y, float[1, 4] w)
      { a = Sigmoid(x) y = Mul(x, a) b = Sigmoid(z) c = Mul(x, b) w = Add(c, a) }`)
    const { applied } = await nodeRulePass(fuseSilu(new Set())).run(model, runtime)
    expect(applied).toBe(0)
  })
})

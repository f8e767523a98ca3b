// Dynamic quantization: integer products without data. Noise is given as dB of the outputs on normal input.

import { describe, expect, it } from 'vitest'
import { quantizeDynamic } from '#engine/quantize/dynamic'
import { kernelCoverage } from '#engine/quantize/kernel-coverage'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { floatConstant, floatTensor, outputNoise, runtime } from './model-runs.ts'

const OPTIONS = { perChannel: true, excludedLayers: [] }

const NETWORK = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[N, 8, 64] x) => (float[N, 8, 32] y)
  <${floatConstant('w1', [64, 48], 1, 0.1)}, ${floatConstant('b1', [48], 2)},
   ${floatConstant('w2', [48, 32], 3, 0.1)}>
  {
    [m1] a = MatMul(x, w1)
    [a1] b = Add(a, b1)
    [r] c = Relu(b)
    [m2] y = MatMul(c, w2)
  }`

const GEMM = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[N, 64] x) => (float[N, 48] y, float[N, 48] z)
  <${floatConstant('w', [48, 64], 4, 0.1)}, ${floatConstant('b', [48], 5)}>
  { [f] y = Gemm<transB = 1>(x, w, b)  [h] z = Gemm<transB = 1>(x, w) }`

function operators(model: Model): string[] {
  return [...model.graph.nodes()].map(({ opType }) => opType)
}

describe('dynamic quantization', () => {
  it('keeps outputs within 30 dB and runs products on integers', async () => {
    const made = await quantizeDynamic(parseModel(NETWORK), OPTIONS, runtime)
    expect(operators(made.model).filter((name) => name === 'MatMulInteger')).toHaveLength(2)
    const feeds = { x: floatTensor([2, 8, 64], 9) }
    expect(await outputNoise(parseModel(NETWORK), made.model, feeds)).toBeGreaterThan(30)
    const folder = mkdtempSync(join(tmpdir(), 'tersor-coverage-'))
    const coverage = await kernelCoverage(made.model, runtime, folder)
    rmSync(folder, { recursive: true })
    const integer = ['DynamicQuantizeMatMul', 'MatMulIntegerToFloat', 'MatMulInteger']
    const count = integer.reduce((sum, name) => sum + (coverage.operators[name] ?? 0), 0)
    expect(count).toBe(2)
    expect(coverage.layers.map(({ node, integer }) => [node, integer])).toEqual([
      ['m1', true],
      ['m2', true],
    ])
    expect(coverage.integerMacs).toBe(1)
  })

  it.each([true, false])(
    'turns Gemm with transposed weights, perChannel %s',
    async (perChannel) => {
      const made = await quantizeDynamic(parseModel(GEMM), { ...OPTIONS, perChannel }, runtime)
      const feeds = { x: floatTensor([3, 64], 10) }
      expect(await outputNoise(parseModel(GEMM), made.model, feeds)).toBeGreaterThan(30)
    },
  )

  it('stores shared weights and quantizes a shared input once', async () => {
    const made = await quantizeDynamic(parseModel(GEMM), OPTIONS, runtime)
    const names = operators(made.model)
    expect(names.filter((name) => name === 'DynamicQuantizeLinear')).toHaveLength(1)
    const big = [...made.model.graph.initializers.values()].filter(
      ({ constant }) => constant?.dtype === 'int8' && constant.dims.length === 2,
    )
    expect(big).toHaveLength(1)
  })

  it('leaves excluded layers, and stores the weights of convolutions as integers', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, 16, 8, 8] x) => (float[N, 10] y)
      <${floatConstant('w', [16, 16, 3, 3], 6, 0.1)}, ${floatConstant('v', [576, 10], 7, 0.1)}>
      { [c] a = Conv(x, w) f = Flatten(a) [p] y = MatMul(f, v) }`
    const options = { ...OPTIONS, excludedLayers: ['p'] }
    const made = await quantizeDynamic(parseModel(text), options, runtime)
    expect(operators(made.model).toSorted()).toEqual(['Cast', 'Conv', 'Flatten', 'MatMul', 'Mul'])
    expect(made.declined.find(({ node }) => node === 'c')?.reason).toMatch(/slower than float/)
    const feeds = { x: floatTensor([1, 16, 8, 8], 11) }
    expect(await outputNoise(parseModel(text), made.model, feeds)).toBeGreaterThan(35)
  })

  it.each([
    { units: 64, operator: 'DynamicQuantizeLSTM', integers: 1 },
    { units: 32, operator: 'LSTM', integers: 0 },
  ])('has $operator for $units units', async ({ units, operator, integers }) => {
    const gates = 4 * units
    const text = `<ir_version: 8, opset_import: ["" : 17]>
      g (float[5, N, 24] x) => (float[a, b, c, d] y)
      <${floatConstant('w', [1, gates, 24], 1, 0.2)}, ${floatConstant('r', [1, gates, units], 2, 0.1)}>
      { [cell] y = LSTM<hidden_size = ${units}>(x, w, r) }`
    const made = await quantizeDynamic(parseModel(text), OPTIONS, runtime)
    expect(operators(made.model)).toContain(operator)
    expect(made.details['integer_nodes']).toBe(integers)
    const feeds = { x: floatTensor([5, 2, 24], 12) }
    expect(await outputNoise(parseModel(text), made.model, feeds)).toBeGreaterThan(30)
    const excluded = { ...OPTIONS, excludedLayers: ['cell'] }
    const left = await quantizeDynamic(parseModel(text), excluded, runtime)
    expect(operators(left.model)).toEqual(['LSTM'])
  })

  it('leaves a quantized model alone, with the reason', async () => {
    const { model } = await quantizeDynamic(parseModel(NETWORK), OPTIONS, runtime)
    const again = await quantizeDynamic(model, OPTIONS, runtime)
    expect(again.declined[0]?.reason).toMatch(/quantized already/)
  })
})

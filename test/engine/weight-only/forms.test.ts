// The forms of block-quantized weights in the runtime: what it computes is what the integers stand for.

import { describe, expect, it } from 'vitest'
import { decide } from '#engine/quantize/weight-only/choose-form'
import { packWeight } from '#engine/quantize/weight-only/pack-weight'
import { unpackedWeight } from '#engine/quantize/weight-only/packed-weight'
import { fitOf, settingsOf } from '#engine/quantize/weight-only/site-settings'
import { quantizeWeightOnly } from '#engine/quantize/weight-only/weight-only'
import type { StoredLayer } from '#engine/quantize/weight-only/site-quantizer'
import type { WeightOnlyOptions } from '#engine/quantize/weight-only/weight-only-options'
import { WEIGHT_ONLY_DEFAULTS } from '#engine/quantize/weight-only/weight-only-options'
import type { Model } from '#src/onnx/ir/model'
import { countWeights } from '#src/onnx/count-weights'
import { parseModel } from '#src/onnx/text/parse-model'
import { verifyModel } from '#src/onnx/verify-model'
import { weightTensors } from '#src/onnx/weight-tensors'
import { modelSize } from '#src/onnx/write-model'
import {
  floatConstant,
  floatTensor,
  outputNoise,
  relativeDifference,
  runModel,
} from '../model-runs.ts'
import { PLAIN_CONTEXT } from './plain-context.ts'
import { tinyTransformer, tokenFeeds } from './tiny-transformer.ts'

/** Exact sums: the runtime does not round the activations to 8 bits. */
const EXACT = { ...WEIGHT_ONLY_DEFAULTS, accuracyLevel: 1, format: 'matmul_nbits' } as const

function layersOf(details: Readonly<Record<string, unknown>>): StoredLayer[] {
  return details['layers'] as StoredLayer[]
}

function operators(model: Model): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { opType } of model.graph.nodes()) counts[opType] = (counts[opType] ?? 0) + 1
  return counts
}

describe('forms of stored weights', () => {
  const cases: [WeightOnlyOptions['format'], Partial<WeightOnlyOptions>, number][] = [
    ['matmul_nbits', { dtype: 'int4' }, 15],
    ['matmul_nbits', { dtype: 'uint4', symmetric: false }, 15],
    ['matmul_nbits', { dtype: 'int8' }, 38],
    ['matmul_nbits', { dtype: 'int8', symmetric: false, blockSize: 16 }, 38],
    ['matmul_nbits', { dtype: 'int4', blockSize: 128, algorithm: 'hqq' }, 12],
    ['qdq', { dtype: 'int4' }, 15],
    ['qdq', { dtype: 'int4', symmetric: false }, 15],
    ['qdq', { dtype: 'uint4' }, 15],
    ['qdq', { dtype: 'uint4', symmetric: false, blockSize: 16 }, 15],
    ['qdq', { dtype: 'int8' }, 38],
  ]

  it.each(cases)(
    '%s %j: optimized or not, the runtime computes the same',
    async (format, more, decibels) => {
      const made = await quantizeWeightOnly(
        tinyTransformer(),
        { ...EXACT, format, ...more },
        PLAIN_CONTEXT,
      )
      const feeds = tokenFeeds(2, 5, 3)
      const [plain, optimized] = [
        await runModel(made.model, feeds, 'disabled'),
        await runModel(made.model, feeds, 'all'),
      ]
      expect(relativeDifference(plain, optimized)).toBeLessThan(format === 'qdq' ? 0.05 : 1e-5)
      expect(await outputNoise(tinyTransformer(), made.model, feeds)).toBeGreaterThan(decibels)
      expect(() => verifyModel(made.model)).not.toThrow()
      expect(
        layersOf(made.details)
          .map(({ name }) => name)
          .toSorted(),
      ).toEqual(['down', 'embed', 'head', 'k', 'o', 'pool', 'q', 'up', 'v'])
    },
  )

  it.each([
    ['int4', 'matmul_nbits'],
    ['uint4', 'qdq'],
    ['int8', 'matmul_nbits'],
  ] as const)(
    '%s as %s: a product equals that with the numbers written out',
    async (dtype, format) => {
      const symmetric = format === 'matmul_nbits'
      const options = { ...EXACT, dtype, format, symmetric, blockSize: 16 }
      const settings = settingsOf(options)
      const text = (weight: string): Model =>
        parseModel(`<ir_version: 10, opset_import: ["" : 21]>
        g (float[N, 72] x) => (float[N, 24] y)
        <${weight}, ${floatConstant('b', [24], 2)}> { [f] y = Gemm<transB = 1>(x, w, b) }`)
      const original = text(floatConstant('w', [24, 72], 1))
      const tensor = original.graph.initializers.get('w')!.constant!
      const matrix = { tensor, rows: 24, columns: 72, order: 'row-major' } as const
      const values = unpackedWeight(packWeight(matrix, settings, fitOf(options, settings)))
      const written = text(`float[24, 72] w = {${[...values].join()}}`)
      const made = await quantizeWeightOnly(original, options, PLAIN_CONTEXT)
      const feeds = { x: floatTensor([3, 72], 4) }
      const outputs = await runModel(written, feeds)
      expect(relativeDifference(outputs, await runModel(made.model, feeds))).toBeLessThan(1e-5)
    },
  )

  it('counts weights once, whatever they are packed into, and makes the file small', async () => {
    const original = tinyTransformer()
    const before = countWeights(weightTensors(original))
    for (const dtype of ['int4', 'int8'] as const) {
      const made = await quantizeWeightOnly(tinyTransformer(), { ...EXACT, dtype }, PLAIN_CONTEXT)
      expect(countWeights(weightTensors(made.model)).parameters).toBe(before.parameters)
      const ratio = modelSize(original) / modelSize(made.model)
      expect(ratio).toBeGreaterThan(dtype === 'int4' ? 4 : 2.8)
    }
  })

  it('stores weights without a kernel for blocks per channel, and shared ones once', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, 16, 8, 8] x) => (float[N, 32] y, float[N, 32] z)
      <${floatConstant('w', [16, 16, 3, 3], 6, 0.1)}, ${floatConstant('v', [576, 32], 7, 0.1)}>
      { [c] a = Conv(x, w) f = Flatten(a) [p] y = MatMul(f, v)  g = Relu(f) [o] z = MatMul(g, v) }`
    const feeds = { x: floatTensor([1, 16, 8, 8], 11) }
    for (const format of ['matmul_nbits', 'qdq'] as const) {
      const made = await quantizeWeightOnly(parseModel(text), { ...EXACT, format }, PLAIN_CONTEXT)
      expect(await outputNoise(parseModel(text), made.model, feeds)).toBeGreaterThan(15)
      const [conv] = layersOf(made.details)
      expect(conv).toMatchObject({ name: 'c', bits: 8, block_size: null })
      expect(conv?.form).toBe(format === 'qdq' ? 'dequantize_linear' : 'cast_scale')
      expect(operators(made.model)[format === 'qdq' ? 'DequantizeLinear' : 'Mul']).toBe(
        format === 'qdq' ? 3 : 1,
      )
      const large = [...made.model.graph.initializers.values()].filter((value) => {
        return (value.constant?.dims.reduce((a, b) => a * b, 1) ?? 0) > 5000
      })
      expect(large).toHaveLength(1)
    }
  })

  it.each(['matmul_nbits', 'qdq'] as const)(
    'takes rows from the end of tables, %s',
    async (format) => {
      const text = `<ir_version: 8, opset_import: ["" : 17]> g (int64[N] i) => (float[N, 48] y)
      <${floatConstant('t', [40, 48], 1)}> { [e] y = Gather(t, i) }`
      const made = await quantizeWeightOnly(parseModel(text), { ...EXACT, format }, PLAIN_CONTEXT)
      const feeds = {
        i: { dtype: 'int64', dims: [4], data: new BigInt64Array([0n, -1n, 39n, -40n]) },
      } as const
      expect(await outputNoise(parseModel(text), made.model, feeds)).toBeGreaterThan(18)
      expect(layersOf(made.details)[0]?.bits).toBe(format === 'qdq' ? 8 : 4)
    },
  )

  it.each([
    ['matmul_nbits', 1],
    ['qdq', 1],
    ['qdq', 4],
  ] as const)(
    'stores transposed convolutions per channel: %s, %i groups',
    async (format, group) => {
      const text = `<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, 16, 8, 8] x) => (float[N, C, H, W] y)
      <${floatConstant('w', [16, 8, 3, 3], 6, 0.1)}>
      { [t] y = ConvTranspose<group = ${group}>(x, w) }`
      const made = await quantizeWeightOnly(parseModel(text), { ...EXACT, format }, PLAIN_CONTEXT)
      const feeds = { x: floatTensor([1, 16, 8, 8], 11) }
      expect(await outputNoise(parseModel(text), made.model, feeds)).toBeGreaterThan(35)
      expect(layersOf(made.details)).toHaveLength(1)
    },
  )

  it('leaves what is excluded, and tables where asked to', async () => {
    const options = { ...EXACT, excludedLayers: ['head'], embeddings: false }
    const made = await quantizeWeightOnly(tinyTransformer(), options, PLAIN_CONTEXT)
    const nodes = [...made.model.graph.nodes()]
    expect(nodes.find(({ name }) => name === 'head')?.opType).toBe('MatMul')
    expect(nodes.find(({ name }) => name === 'embed')?.opType).toBe('Gather')
    expect(made.model.graph.initializers.get('table')?.constant?.dtype).toBe('float32')
    expect(made.model.graph.initializers.get('wh')?.constant?.dtype).toBe('float32')
  })

  it('names the tensor that is not finite', async () => {
    const values = Array.from({ length: 2048 }, (_, index) => (index === 77 ? 'nan' : '0.5'))
    const text = `<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, 64] x) => (float[N, 32] y) <float[64, 32] w = {${values.join()}}> { y = MatMul(x, w) }`
    await expect(quantizeWeightOnly(parseModel(text), EXACT, PLAIN_CONTEXT)).rejects.toThrow(
      /'w' holds NaN/,
    )
  })

  it('takes the faster form, and int8 that is folded where none gains', () => {
    const form = (nBits: number, qdq: number) => decide({ matmul_nbits: nBits, qdq }).form
    expect(form(3, 3.02)).toBe('matmul_nbits')
    expect(form(2, 3)).toBe('qdq')
    expect(form(0.99, 0.9)).toBe('matmul_nbits')
    expect(form(0.6, 0.7)).toBe('int8')
  })

  it('times forms for the number of vectors that the inputs make', async () => {
    const inputShapes = { ids: [1, 1] }
    const made = await quantizeWeightOnly(
      tinyTransformer(),
      { ...WEIGHT_ONLY_DEFAULTS, format: 'auto' },
      { ...PLAIN_CONTEXT, inputShapes },
    )
    for (const { name, form, speedups } of layersOf(made.details)) {
      if (name === 'embed') continue
      expect(form).toBe(
        speedups === null ? 'never' : form === 'cast_scale' ? form : decide(speedups).form,
      )
      expect(speedups?.matmul_nbits).toBeGreaterThan(0)
    }
    const feeds = tokenFeeds(1, 1, 5)
    expect(await outputNoise(tinyTransformer(), made.model, feeds)).toBeGreaterThan(12)
  })
})

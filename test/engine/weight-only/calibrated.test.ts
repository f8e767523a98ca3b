// GPTQ and AWQ over a model with data: Gram matrices, scales that move between layers, what layers lose at their outputs.

import { describe, expect, it } from 'vitest'
import { applyInputScales } from '#engine/quantize/weight-only/apply-input-scales'
import { gramMatrices } from '#engine/quantize/weight-only/gram-matrices'
import type { StoredLayer } from '#engine/quantize/weight-only/site-quantizer'
import { quantizeWeightOnly } from '#engine/quantize/weight-only/weight-only'
import type { WeightOnlyOptions } from '#engine/quantize/weight-only/weight-only-options'
import { WEIGHT_ONLY_DEFAULTS } from '#engine/quantize/weight-only/weight-only-options'
import { weightSites } from '#engine/quantize/weight-only/weight-sites'
import type { Model } from '#src/onnx/ir/model'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { parseModel } from '#src/onnx/text/parse-model'
import type { Feeds } from '../model-runs.ts'
import {
  floatConstant,
  floatTensor,
  outputNoise,
  relativeDifference,
  runModel,
  runtime,
} from '../model-runs.ts'
import { PLAIN_CONTEXT } from './plain-context.ts'
import { tinyTransformer, tokenFeeds } from './tiny-transformer.ts'

const FEEDS: Feeds[] = Array.from({ length: 6 }, (_, seed) => tokenFeeds(2, 12, seed))

const CONTEXT = { ...PLAIN_CONTEXT, feeds: FEEDS }

const PLAIN: WeightOnlyOptions = {
  ...WEIGHT_ONLY_DEFAULTS,
  format: 'matmul_nbits',
  accuracyLevel: 1,
  scaleSearch: false,
}

async function errors(model: Model, options: Partial<WeightOnlyOptions>, context = CONTEXT) {
  const made = await quantizeWeightOnly(model, { ...PLAIN, ...options }, context)
  const layers = made.details['layers'] as StoredLayer[]
  const byName = new Map(layers.map((layer) => [layer.name, layer]))
  return { made, error: (name: string) => byName.get(name)?.output_error ?? NaN, layers: byName }
}

describe('Gram matrices', () => {
  it('are XᵀX over all batches, in whatever batches the samples come', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 5, 6] x) => (float[N, 5, 6] y)
      { r = Relu(x) y = Neg(r) }`
    const whole = floatTensor([4, 5, 6], 1)
    const part = (from: number, to: number) => {
      return {
        x: {
          ...whole,
          dims: [to - from, 5, 6],
          data: (whole.data as Float32Array).slice(from * 30, to * 30),
        },
      }
    }
    const requests = ['r', 'x'].map((name) => ({ name, size: 6 }))
    const model = parseModel(text)
    const once = await gramMatrices(model, requests, [{ x: whole }], runtime, 1)
    const split = await gramMatrices(model, requests, [part(0, 1), part(1, 4)], runtime, 1)
    for (const [name, relu] of [
      ['r', true],
      ['x', false],
    ] as const) {
      const rows = Array.from({ length: 20 }, (_, row) =>
        [...(whole.data as Float32Array)]
          .slice(row * 6, row * 6 + 6)
          .map((v) => (relu ? Math.max(0, v) : v)),
      )
      const wanted = Array.from({ length: 36 }, (_, at) =>
        rows.reduce((sum, row) => sum + row[Math.floor(at / 6)]! * row[at % 6]!, 0),
      )
      for (const made of [once, split]) {
        const gram = made.get(name)
        expect(gram?.count).toBe(20)
        gram?.sum.forEach((value, at) => expect(value).toBeCloseTo(wanted[at]!, 4))
      }
    }
  })
})

describe('GPTQ of a model', () => {
  it('errs less at the outputs of layers than rounding, and at those of the model', async () => {
    const rounded = await errors(tinyTransformer(), {})
    const made = await errors(tinyTransformer(), { algorithm: 'gptq' })
    const ordered = await errors(tinyTransformer(), { algorithm: 'gptq', actOrder: true })
    for (const name of ['q', 'k', 'v', 'o', 'up', 'down', 'head', 'pool']) {
      expect(made.error(name)).toBeLessThan(rounded.error(name))
      expect(ordered.error(name)).toBeLessThan(rounded.error(name))
      expect(made.layers.get(name)?.algorithm).toBe('gptq')
    }
    expect(made.layers.get('embed')?.algorithm).toBe('rtn')
    const seen = FEEDS[0]!
    const noise = async ({ made: { model } }: typeof made) =>
      await outputNoise(tinyTransformer(), model, seen)
    expect(await noise(made)).toBeGreaterThan(await noise(rounded))
    expect(made.made.layerNoise.get('up')).toBeCloseTo(-20 * Math.log10(made.error('up')), 10)
  })

  it('knows the inputs of layers behind layers', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 3, 64] x) => (float[N, 3, 32] y)
      <${floatConstant('w', [64, 64], 1, 0.1)}, ${floatConstant('v', [64, 32], 2, 0.1)}>
      { [p] m = MatMul(x, w) [r] y = MatMul(m, v) }`
    const feeds = [{ x: floatTensor([40, 3, 64], 2) }]
    const context = { ...CONTEXT, feeds, inputShapes: { x: [4, 3, 64] } }
    const { layers } = await errors(parseModel(text), { algorithm: 'gptq' }, context)
    for (const name of ['p', 'r']) {
      expect(layers.get(name)).toMatchObject({ algorithm: 'gptq', vectors: 12 })
      expect(layers.get(name)?.output_error).toBeGreaterThan(0)
    }
  })

  it('tells errors that the runtime shows', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 64] x) => (float[N, 32] y)
      <${floatConstant('w', [64, 32], 1)}> { [p] y = MatMul(x, w) }`
    const feeds = [{ x: floatTensor([128, 64], 2) }]
    const made = await errors(parseModel(text), {}, { ...CONTEXT, feeds })
    const decibels = await outputNoise(parseModel(text), made.made.model, feeds[0]!)
    expect(-20 * Math.log10(made.error('p'))).toBeCloseTo(decibels, 1)
  })
})

describe('AWQ', () => {
  /** The activation before a product, and whether scales fold into what makes it. */
  const W = floatConstant('w', [64, 32], 1, 0.2)
  const A = floatConstant('a', [64, 64], 2, 0.2)
  const ROWS = `${floatConstant('c', [64], 3)}, ${floatConstant('d', [64], 4)}`
  it.each([
    ['a normalization', 'n = LayerNormalization(x, c, d)'],
    ['one without shift', 'n = LayerNormalization(x, c)'],
    ['its spelled-out end', 'm = Mul(x, c) n = Add(m, d)'],
    ['a division', 't = Abs(x) n = Div(t, c)'],
    ['a layer and Relu', 'm = MatMul(x, a) n = Relu(m)'],
    ['a Gemm', 'n = Gemm(x, a, d)'],
    ['a Gemm of turned weights', 'n = Gemm<transB = 1>(x, a, d)'],
    ['a gate', 's = Sigmoid(x) m = MatMul(x, a) n = Mul(s, m)'],
  ])('folds into %s, and leaves the float model what it is', async (_label, text) => {
    const build = (): Model =>
      parseModel(`<ir_version: 8, opset_import: ["" : 17]>
        g (float[N, 64] x) => (float[N, 32] y, float[N, 32] z)
        <${W}, ${A}, ${ROWS}, ${floatConstant('v', [32, 64], 5, 0.2)}>
        { ${text} [p] y = MatMul(n, w) [r] z = Gemm<transB = 1>(n, v) }`)
    const model = build()
    const scaled = floatTensor([40, 64], 7)
    scaled.data.forEach((value, at) => {
      scaled.data[at] = Number(value) * (at % 64 < 4 ? 20 : 0.3)
    })
    const feeds = [{ x: scaled }]
    const sites = weightSites(model, inferTypes(model), new Set(['a'])).sites
    const { details, declined } = await applyInputScales(
      model,
      sites,
      PLAIN,
      { ...CONTEXT, feeds },
      true,
    )
    expect(declined.filter(({ node }) => node === 'p')).toEqual([])
    const own = (details as { layers: string[]; error_before: number; error_after: number }[]).find(
      ({ layers }) => layers.includes('p'),
    )
    expect(own?.layers).toEqual(['p', 'r'])
    expect(own?.error_after).toBeLessThan(own!.error_before)
    const original = await runModel(build(), feeds[0]!)
    expect(relativeDifference(original, await runModel(model, feeds[0]!))).toBeLessThan(1e-4)
    expect(model.graph.initializers.get('w')?.constant).not.toEqual(
      build().graph.initializers.get('w')?.constant,
    )
  })

  it.each([
    ['read by others', 'n = LayerNormalization(x, c, d) o = Neg(n)', /others read/],
    ['an input', 'o = Neg(x) n = Identity(x)', /nothing comes|does not pass/],
    ['behind what is no multiple', 'n = Sigmoid(x) o = Neg(x)', /Sigmoid before it/],
    ['behind a common constant', 'n = Mul(x, e) o = Neg(x)', /not one per channel/],
  ])('says why it does not: %s', async (_label, text, reason) => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, 64] x) => (float[N, 32] y, float[N, 64] o) <${W}, ${ROWS}, float e = {2}>
      { ${text} [p] y = MatMul(n, w) }`)
    const feeds = [{ x: floatTensor([8, 64], 7) }]
    const sites = weightSites(model, inferTypes(model), new Set()).sites
    const { details, declined } = await applyInputScales(
      model,
      sites,
      PLAIN,
      { ...CONTEXT, feeds },
      true,
    )
    expect(details).toEqual([])
    expect(declined[0]?.reason).toMatch(reason)
  })

  it('errs less than rounding where channels of the input differ', async () => {
    const rounded = await errors(tinyTransformer(), {})
    const made = await errors(tinyTransformer(), { algorithm: 'awq' })
    for (const name of ['q', 'k', 'v', 'up']) {
      expect(made.error(name)).toBeLessThan(0.97 * rounded.error(name))
    }
    const seen = FEEDS[0]!
    expect(await outputNoise(tinyTransformer(), made.made.model, seen)).toBeGreaterThan(
      await outputNoise(tinyTransformer(), rounded.made.model, seen),
    )
  })
})

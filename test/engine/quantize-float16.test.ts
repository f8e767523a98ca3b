// Conversion to float16: types, what stays float32 and why. Noise is given as dB of the outputs on normal input.

import { describe, expect, it } from 'vitest'
import { quantizeFloat16 } from '#engine/quantize/float16'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelSize } from '#src/onnx/write-model'
import {
  floatConstant,
  floatTensor,
  normalValues,
  outputNoise,
  relativeDifference,
  runModel,
  runtime,
} from './model-runs.ts'

const OPTIONS = { keepIoTypes: true, excludedLayers: [], feeds: 'none' } as const

const NETWORK = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[N, 8, 10, 10] x) => (float[N, 12] y)
  <${floatConstant('w', [16, 8, 3, 3], 1, 0.1)}, ${floatConstant('b', [16], 2)},
   ${floatConstant('v', [16, 12], 3, 0.2)}, float[4] scales = {1, 1, 2, 2}>
  {
    [c] a = Conv(x, w, b)
    [r] d = Relu(a)
    [up] e = Resize<mode = "nearest">(d, "", scales)
    [gap] p = GlobalAveragePool(e)
    [flat] f = Flatten(p)
    [fc] h = MatMul(f, v)
    [soft] y = Softmax(h)
  }`

function initializerTypes(model: Model): Record<string, string> {
  const types: Record<string, string> = {}
  for (const { name, constant } of model.graph.initializers.values()) {
    types[name] = constant?.dtype ?? 'none'
  }
  return types
}

const FEEDS = { x: floatTensor([2, 8, 10, 10], 4) }

describe('float16', () => {
  it('keeps outputs within 50 dB, their type, and halves the size', async () => {
    const { model } = await quantizeFloat16(parseModel(NETWORK), OPTIONS, runtime)
    expect(await outputNoise(parseModel(NETWORK), model, FEEDS)).toBeGreaterThan(50)
    expect(modelSize(parseModel(NETWORK)) / modelSize(model)).toBeGreaterThan(1.6)
    const [input] = model.graph.inputs
    const [output] = model.graph.outputs
    expect(input?.type).toMatchObject({ dtype: 'float32' })
    expect([output?.name, output?.type]).toMatchObject(['y', { dtype: 'float32' }])
  })

  it('leaves Softmax and the scales of Resize in float32, and says so', async () => {
    const { model, declined } = await quantizeFloat16(parseModel(NETWORK), OPTIONS, runtime)
    expect(declined).toContainEqual({
      rule: 'float16',
      node: 'soft',
      reason: 'Softmax stays accurate in float32 only',
    })
    expect(initializerTypes(model)['scales']).toBe('float32')
    expect(
      Object.values(initializerTypes(model)).filter((type) => type === 'float16'),
    ).toHaveLength(3)
  })

  it('gives float16 inputs and outputs when they need not stay', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 16] x) => (float[N, 8] y)
      <${floatConstant('w', [16, 8], 5)}> { [m] a = MatMul(x, w)  y = Relu(a) }`
    const options = { ...OPTIONS, keepIoTypes: false }
    const { model } = await quantizeFloat16(parseModel(text), options, runtime)
    expect(model.graph.inputs[0]?.type).toMatchObject({ dtype: 'float16', shape: ['N', 16] })
    const x = { dtype: 'float16', dims: [1, 16], data: new Uint16Array(16).fill(0x3c00) } as const
    const { y } = await runModel(model, { x })
    expect([y?.dtype, y?.dims]).toEqual(['float16', [1, 8]])
  })

  it('leaves layers with weights beyond the format, and excluded ones', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 4] x) => (float[N, 2] y)
      <float[4, 4] w = {1e6, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}, ${floatConstant('v', [4, 4], 6)}, ${floatConstant('u', [4, 2], 7)}>
      { [big] a = MatMul(x, w)  [mid] b = MatMul(x, v)  s = Add(a, b)  [last] y = MatMul(s, u) }`
    const options = { ...OPTIONS, excludedLayers: ['mid'] }
    const { model, declined } = await quantizeFloat16(parseModel(text), options, runtime)
    const types = initializerTypes(model)
    expect([types['w'], types['v']]).toEqual(['float32', 'float32'])
    expect(declined.find(({ node }) => node === 'big')?.reason).toMatch(
      /beyond the largest float16/,
    )
    expect(declined.find(({ node }) => node === 'mid')?.reason).toBe('excluded')
  })

  it('keeps infinities of masks, and refuses weights that are not finite', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 4] x) => (float[N, 4] y)
      <float[4] mask = {0, -inf, 0, -inf}, float[4, 4] w = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}>
      { a = MatMul(x, w)  b = Neg(a)  y = Add(b, mask) }`
    const { model } = await quantizeFloat16(parseModel(text), OPTIONS, runtime)
    const { y } = await runModel(model, { x: floatTensor([1, 4], 12) })
    const finite = Array.from(y?.data as Float32Array, Number.isFinite)
    expect(finite).toEqual([true, false, true, false])
    const broken = parseModel(text.replace('w = {1,', 'w = {nan,'))
    await expect(quantizeFloat16(broken, OPTIONS, runtime)).rejects.toMatchObject({
      code: 'invalid_weights',
      where: { tensor: 'w' },
    })
  })

  it('runs models with subgraphs, which stay in float32', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 16] x, bool c) => (float[N, 8] y)
      <${floatConstant('w', [16, 8], 8)}> {
        [m] a = MatMul(x, w)
        [if] y = If (c) <then_branch = t () => (float[N, 8] p) { p = Relu(a) },
                    else_branch = e () => (float[N, 8] q) { q = Neg(a) }>
      }`
    const { model, declined } = await quantizeFloat16(parseModel(text), OPTIONS, runtime)
    const c = { dtype: 'bool', dims: [], data: Uint8Array.of(0) } as const
    const feeds = { x: floatTensor([2, 16], 9), c }
    expect(await outputNoise(parseModel(text), model, feeds)).toBeGreaterThan(50)
    expect(declined.map(({ reason }) => reason)).toContain('its subgraphs are left in float32')
  })

  /** `a` reaches 1.6e5 for inputs of 1, `t` 4e-7; `y` neither. */
  const WIDE = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 16] x) => (float[N, 16] y)
    <${floatConstant('w', [16, 16], 10, 0.1)}, ${floatConstant('v', [16, 16], 11, 0.2)},
     float big = {2e4}, float small = {1e-6}>
    { [in] h = MatMul(x, w)  [grow] a = Mul(h, big)  [shrink] t = Mul(a, small)  u = Mul(t, small)  c = Div(u, small)
      [out] y = MatMul(c, v) }`
  const LARGE = {
    x: {
      ...floatTensor([8, 16], 12),
      data: Float32Array.from(normalValues(128, 12), (value) => 10 * value),
    },
  }

  it('leaves in float32 what leaves the range of float16 on samples', async () => {
    const measured = { ...OPTIONS, feeds: [LARGE] }
    const { model, declined, details } = await quantizeFloat16(parseModel(WIDE), measured, runtime)
    expect(await outputNoise(parseModel(WIDE), model, LARGE)).toBeGreaterThan(40)
    expect(details['measured_values']).toBe(6)
    const reasons = new Map(declined.map(({ node, reason }) => [node, reason]))
    expect(reasons.get('grow')).toMatch(
      /^'a' reaches [\d.e+]+ on the samples; float16 ends at 65504/,
    )
    expect(reasons.get('shrink')).toMatch(/^'a' reaches/)
    expect([reasons.has('in'), reasons.has('out')]).toEqual([false, false])
  })

  it('cannot know that without samples, and says that nothing was measured', async () => {
    // On a CPU the runtime computes these products in float32 anyway, and overflows nowhere.
    const { declined, details } = await quantizeFloat16(parseModel(WIDE), OPTIONS, runtime)
    expect(details['measured_values']).toBe('none: there is no data')
    expect(declined.map(({ node }) => node)).not.toContain('grow')
  })

  it('leaves in float32 what float16 has few digits of', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 16] x) => (float[N, 16] y)
      <${floatConstant('w', [16, 16], 13, 1)}, float[16] small = {${Array(16).fill('1e-4').join()}}, float[16] big = {${Array(16).fill('1e4').join()}}>
      { [fade] a = Mul(x, small)  [product] b = MatMul(a, w)  [lift] y = Mul(b, big) }`
    const faint = {
      x: {
        ...floatTensor([4, 16], 14),
        data: Float32Array.from(normalValues(64, 14), (value) => value / 1000),
      },
    }
    const noise = async (feeds: typeof faint | 'none') => {
      const options = { ...OPTIONS, feeds: feeds === 'none' ? feeds : [feeds] }
      const { model } = await quantizeFloat16(parseModel(text), options, runtime)
      return await outputNoise(parseModel(text), model, faint)
    }
    const [guessed, measured] = [await noise('none'), await noise(faint)]
    expect(measured).toBeGreaterThan(guessed + 20)
    expect(measured).toBeGreaterThan(50)
  })
})

it('float16 with samples takes a model that computes nothing in float32', async () => {
  const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float16[N, 4] x) => (float16[N, 4] y) { y = Relu(x) }`)
  const x = { dtype: 'float16' as const, dims: [1, 4], data: new Uint16Array(4) }
  const options = { ...OPTIONS, feeds: [{ x }] }
  const made = await quantizeFloat16(model, options, runtime)
  expect(made.model.graph.outputs[0]?.type).toMatchObject({ dtype: 'float16' })
})

it.each([
  ['1, 0, 2', 'u, w', true],
  ['1, 2, 0', 'u, w', true],
  ['1, 0, 2', 'w, u', true],
  ['0, 2, 1', 'u, w', false],
])(
  'a Transpose <%s> in front of MatMul(%s) that ends the runtime: %s',
  async (perm, operands, isKept) => {
    const text = `<ir_version: 8, opset_import: ["" : 17]>
    g (float[6, 6, 6] x) => (float[6, 6, 6] y)
    <${floatConstant('w', [6, 6], 8)}>
    { [t] u = Transpose<perm = [${perm}]>(x) y = MatMul(${operands}) }`
    const { model, declined } = await quantizeFloat16(parseModel(text), OPTIONS, runtime)
    expect(declined.some(({ node }) => node === 't')).toBe(isKept)
    const feeds = { x: floatTensor([6, 6, 6], 9) }
    const wanted = await runModel(parseModel(text), feeds, 'all')
    expect(relativeDifference(wanted, await runModel(model, feeds, 'all'))).toBeLessThan(2e-3)
  },
)

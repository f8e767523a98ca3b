// Conversion to float16: types, what stays float32 and why. Noise is given as dB of the outputs on normal input.

import { describe, expect, it } from 'vitest'
import { quantizeFloat16 } from '#engine/quantize/float16'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelSize } from '#src/onnx/write-model'
import { floatConstant, floatTensor, outputNoise, runModel, runtime } from './model-runs.ts'

const OPTIONS = { keepIoTypes: true, excludedLayers: [] }

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
})

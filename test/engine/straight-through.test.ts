// The straight-through quantizer: what it equals, and its gradients.

import { describe, expect, it } from 'vitest'
import { differentiate } from '#engine/autodiff/differentiate'
import { ConstantStore } from '#engine/quantize/constant-store'
import { append, roundHalfEven, roundedQuotient } from '#engine/quantize/qat/straight-through'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { tensorType } from '#src/onnx/ir/value-type'
import { parseModel } from '#src/onnx/text/parse-model'
import { seededRandom } from '#test/support/seeded-random'
import { runUnfused as run } from './unfused-run.ts'

function floats(dims: readonly number[], data: readonly number[]): RuntimeTensor {
  return { dtype: 'float32', dims: [...dims], data: Float32Array.from(data) }
}

describe('the straight-through quantizer', () => {
  const random = seededRandom(7)
  const STEP = Math.fround(0.037)
  // Ties, both ends, what lies beyond, and numbers between.
  const ties = Array.from({ length: 40 }, (_, index) => Math.fround((index - 19.5) * STEP))
  const values = [...ties, ...Array.from({ length: 400 }, () => (random() - 0.5) * 16)]

  it.each([
    ['int8', 0, -128, 127],
    ['uint8', 77, 0, 255],
    ['int4', 0, -8, 7],
  ] as const)(
    'equals QuantizeLinear and DequantizeLinear of %s',
    async (dtype, zero, low, high) => {
      const model = parseModel(`<ir_version: 10, opset_import: ["" : 21]>
      g (float[n] x, float step) => (float[n] y)
      <${dtype} zero = {${zero}}> { q = QuantizeLinear(x, step, zero) y = DequantizeLinear(q, step, zero) }`)
      const { graph } = model
      const store = new ConstantStore(model)
      const [x, step] = graph.inputs
      const bounds = { low: low - zero, high: high - zero }
      const levels = roundedQuotient(store, x!, step!, bounds)
      const own = append(store, 'Mul', [levels, step!])
      own.type = tensorType('float32', ['n'])
      graph.outputs.push(own)
      const results = await run(model, {
        x: floats([values.length], values),
        step: floats([], [STEP]),
      })
      expect(new Set(values.map((value) => roundHalfEven(value / STEP))).size).toBeGreaterThan(100)
      expect([...results[own.name]!.data]).toEqual([...results['y']!.data])
    },
  )

  it('has the gradients of learned step sizes', async () => {
    const [low, high] = [-7, 7]
    const model = parseModel(`<ir_version: 10, opset_import: ["" : 21]>
      g (float[2, n] x, float[2, 1] step, float[2, n] weights) => (float[2, n] z) { z = Identity(x) }`)
    const { graph } = model
    const store = new ConstantStore(model)
    const [x, step, weights] = graph.inputs
    const levels = roundedQuotient(store, x!, step!, { low, high })
    const y = append(store, 'Mul', [levels, step!])
    const loss = append(store, 'ReduceSum', [append(store, 'Mul', [y, weights!])])
    loss.producer?.attributes.clear()
    const gradients = differentiate(model, loss, [x!, step!], { prefix: 'gradient/' })
    const outputs = [x!, step!].map((value) => gradients.get(value)!)
    graph.outputs.length = 0
    for (const output of outputs) {
      output.type = tensorType('float32', null)
      graph.outputs.push(output)
    }
    const count = 60
    const xs = Array.from({ length: 2 * count }, () => Math.fround((random() - 0.5) * 0.5))
    const ws = Array.from({ length: 2 * count }, () => Math.fround(random() - 0.5))
    const steps = [0.02, 0.05].map(Math.fround)
    const results = await run(model, {
      x: floats([2, count], xs),
      step: floats([2, 1], steps),
      weights: floats([2, count], ws),
    })
    // Esser et al. 2020, equations 3 and 5.
    const expected = { x: [] as number[], step: [0, 0] }
    xs.forEach((value, index) => {
      const row = index < count ? 0 : 1
      const v = value / steps[row]!
      const isInside = v > low && v < high
      expected.x.push(isInside ? ws[index]! : 0)
      const slope = isInside ? Math.round(v) - v : v <= low ? low : high
      expected.step[row]! += slope * ws[index]!
    })
    expect(expected.x.filter((value) => value === 0).length).toBeGreaterThan(10)
    const [gx, gs] = outputs.map(({ name }) => [...results[name]!.data].map(Number))
    gx!.forEach((value, index) => expect(value).toBeCloseTo(expected.x[index]!, 5))
    gs!.forEach((value, index) => expect(value).toBeCloseTo(expected.step[index]!, 3))
  })
})

// Inlining of functions local to the model: equal results, no function left. Tolerance: equal bits.

import { describe, expect, it } from 'vitest'
import { simplify } from '#engine/rewrite/simplify'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatTensor, relativeDifference, runModel, runtime } from './model-runs.ts'

const TEXT = `<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
  g (float[N, 4] x) => (float[N, 4] y)
  { a = local.outer(x)  b = local.scaled<factor = 3.0>(a)  y = local.scaled(b) }
  <domain: "local", opset_import: ["" : 17, "local" : 1]>
  outer (x) => (y) { h = local.scaled<factor = 0.5>(x)  t = Relu(h)  y = Add(t, x) }
  <domain: "local", opset_import: ["" : 17]>
  scaled <factor: float = 2.0> (x) => (y) { k = Constant<value_float: float = @factor>()  t = Relu(x)  u = Mul(t, k)  y = Sub(u, x) }`

describe('inline-functions', () => {
  it('inlines nested calls with attributes given and by default', async () => {
    const [original, inlined] = [parseModel(TEXT), parseModel(TEXT)]
    const report = await simplify(inlined, runtime)
    expect(inlined.functions).toEqual([])
    expect(report.details.applied['inline-functions']).toBe(4)
    expect([...inlined.graph.nodes()].every(({ domain }) => domain === '')).toBe(true)
    const feeds = { x: floatTensor([3, 4], 7) }
    const [expected, actual] = [await runModel(original, feeds), await runModel(inlined, feeds)]
    expect(relativeDifference(expected, actual)).toBe(0)
  })

  it('passes an input through and leaves optional inputs out', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
      g (float[N, 4] x) => (float[N, 4] y, float[N, 4] z) { y, z = local.both(x) }
      <domain: "local", opset_import: ["" : 17]>
      both (x, low) => (same, cut) { same = Identity(x)  cut = Clip(x, low) }`
    const [original, inlined] = [parseModel(text), parseModel(text)]
    await simplify(inlined, runtime)
    const feeds = { x: floatTensor([2, 4], 8) }
    const [expected, actual] = [await runModel(original, feeds), await runModel(inlined, feeds)]
    expect(relativeDifference(expected, actual)).toBe(0)
  })
})

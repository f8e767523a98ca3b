// What rewrites must leave alone, or say, so that the runtime finds its fast kernels: read from the graph that it makes.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { optimizedModel } from '#engine/quantize/runtime-graph'
import { simplify } from '#engine/rewrite/simplify'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatConstant, floatTensor, relativeDifference, runModel, runtime } from './model-runs.ts'

async function kernels(model: Model): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-kernels-'))
  try {
    const { graph } = await optimizedModel(model, runtime, folder)
    return [...graph.nodes()].map(({ domain, opType }) =>
      domain === '' ? opType : `${domain}.${opType}`,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const DIMS = [1, 16, 8, 8]

async function simplified(text: string): Promise<Model> {
  const model = parseModel(text)
  await simplify(model, runtime)
  const feeds = { x: floatTensor(DIMS, 5) }
  const wanted = await runModel(parseModel(text), feeds)
  expect(relativeDifference(wanted, await runModel(model, feeds, 'all'))).toBeLessThan(2e-6)
  return model
}

test.each(['Erf', 'Tanh'])(
  'the half at the end of a GELU by %s does not go into the convolution behind',
  async (operator) => {
    const model = await simplified(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, 16, 8, 8] x) => (float[N, 16, 8, 8] y)
      <${floatConstant('w', [16, 16, 1, 1], 1, 0.2)}, float root = {1.4142135}, float one = {1}, float half = {0.5}>
      {
        a = Div(x, root)  e = ${operator}(a)  s = Add(e, one)  p = Mul(x, s)
        [last] m = Mul(p, half)
        y = Conv(m, w)
      }`)
    expect([...model.graph.nodes()].map(({ name }) => name)).toContain('last')
    if (operator === 'Erf') expect(await kernels(model)).toContain('com.microsoft.Gelu')
  },
)

test('sizes of what is given a computed shape are declared, so that a pooling behind is a blocked one', async () => {
  const model = await simplified(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, 16, 8, 8] x) => (float[N, 16, 8, 8] y)
    <${floatConstant('w', [16, 16, 1, 1], 1, 0.2)}, float[1] one = {1}, float[1] zero = {0},
     int64[3] rows = {0, 1, -1}, float[16, 1, 1] ones = {${new Array(16).fill(1).join()}}>
    {
      [c] a = Conv(x, w)
      r = Reshape(a, rows)
      i = InstanceNormalization(r, one, zero)
      s = Shape(a)
      [back] b = Reshape(i, s)
      m = Mul(b, ones)
      [pool] y = AveragePool<kernel_shape = [3, 3], pads = [1, 1, 1, 1]>(m)
    }`)
  expect([...model.graph.nodes()].map(({ opType }) => opType)).not.toContain('Mul')
  const [declared] = model.graph.valueInfo
  expect(declared?.type).toMatchObject({ dtype: 'float32', shape: [null, 16, 8, 8] })
  const layouts = await kernels(model)
  if (layouts.includes('com.microsoft.nchwc.Conv')) {
    expect(layouts).toContain('com.microsoft.nchwc.AveragePool')
  }
})

test('a Softmax is in front of a Transpose that takes its axis further from the end, not of others', async () => {
  const text = (perm: string) => `<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, 16, 8, 8] x) => (float[N, A, B, C] y) <float half = {0.5}>
    { t = Transpose<perm = [${perm}]>(x)  s = Softmax<axis = 1>(t)  y = Mul(s, half) }`
  const order = async (perm: string) => {
    const { graph } = await simplified(text(perm))
    return [...graph.nodes()].map(({ opType }) => opType)
  }
  expect(await order('0, 2, 1, 3')).toEqual(['Softmax', 'Transpose', 'Mul'])
  expect(await order('0, 1, 3, 2')).toEqual(['Transpose', 'Softmax', 'Mul'])
  expect(await order('1, 0, 2, 3')).toEqual(['Transpose', 'Softmax', 'Mul'])
})

// float16 models opened for a step that knows float32, and closed again: the same types, names and numbers.

import { expect, test } from 'vitest'
import { narrowFloat16, widened } from '#engine/quantize/narrow-float16'
import { makeNode } from '#src/onnx/ir/node'
import { parseModel } from '#src/onnx/text/parse-model'
import { encodeFloat16 } from '#src/onnx/tensor-values'
import { typedTensor } from '#src/onnx/ir/tensor'
import { floatConstant, floatTensor, outputNoise, runModel, runtime } from './model-runs.ts'
import { quantizeFloat16 } from '#engine/quantize/float16'
import type { Model } from '#src/onnx/ir/model'

const NETWORK = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[N, 8, 6, 6] x) => (float[N, 12] y, float[N, 12] p)
  <${floatConstant('w', [16, 8, 3, 3], 1, 0.1)}, ${floatConstant('b', [16], 2)}, ${floatConstant('f', [16, 12], 4, 0.2)}>
  {
    [c] a = Conv(x, w, b)  [r] d = Relu(a)  [gap] h = GlobalAveragePool(d)
    [flat] q = Flatten(h)  [fc] y = MatMul(q, f)  [soft] p = Softmax(y)
  }`

async function halfModel(): Promise<Model> {
  const options = { keepIoTypes: false, excludedLayers: [], feeds: 'none' } as const
  return (await quantizeFloat16(parseModel(NETWORK), options, runtime)).model
}

function typesOf({ graph }: Model): unknown {
  const constants = [...graph.initializers.values()].map(({ constant }) => constant?.dtype)
  const operators = [...graph.nodes()].map(({ opType }) => opType)
  const ends = [...graph.inputs, ...graph.outputs].map(({ name, type }) => ({ name, type }))
  return { constants: constants.toSorted(), operators, ends }
}

const x = floatTensor([2, 8, 6, 6], 7)
const feeds = {
  x: { dtype: 'float16', dims: x.dims, data: encodeFloat16(x.data as Float32Array) },
} as const

test('a model that is partly float16 is float32 meanwhile and the same again', async () => {
  const [original, model] = [await halfModel(), await halfModel()]
  const names = widened(model)
  expect(JSON.stringify(typesOf(model))).not.toContain('float16')
  expect(names?.half.has('x')).toBe(true)
  expect(names?.single.has('p')).toBe(true)
  expect(await narrowFloat16(model, names!, runtime)).toEqual([])
  expect(typesOf(model)).toEqual(typesOf(original))
  expect(await outputNoise(original, model, feeds)).toBeGreaterThan(200)
})

test('what was added is float16 too, and what float16 cannot hold stays float32 with the reason', async () => {
  const model = await halfModel()
  const names = widened(model)!
  const { graph } = model
  const matMul = [...graph.nodes()].find((node) => node.is('MatMul'))!
  const bias = graph.addInitializer(
    typedTensor('bias', 'float32', [12], new Float32Array(12).fill(1)),
  )
  const sum = makeNode('Add', [matMul.output(0), bias], ['sum'])
  graph.insertAfter(sum, matMul)
  const softmax = [...graph.nodes()].find((node) => node.is('Softmax'))!
  softmax.setInput(0, sum.output(0))
  const conv = [...graph.nodes()].find((node) => node.is('Conv'))!
  graph.setInitializer(
    conv.input(2)!,
    typedTensor('b', 'float32', [16], new Float32Array(16).fill(1e6)),
  )
  const declined = await narrowFloat16(model, names, runtime)
  expect(declined).toMatchObject([{ node: 'c', reason: expect.stringContaining('65504') }])
  const { constants } = typesOf(model) as { readonly constants: readonly string[] }
  expect(constants.filter((dtype) => dtype === 'float16')).toHaveLength(2)
  const { y, p } = await runModel(model, feeds)
  expect([y?.dtype, p?.dtype]).toEqual(['float16', 'float32'])
})

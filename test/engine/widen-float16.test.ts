// float16 models as float32 ones: the same numbers within float16, the same inputs and outputs, and integers behind them.

import { describe, expect, test } from 'vitest'
import { quantizeFloat16 } from '#engine/quantize/float16'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { widenFloat16 } from '#engine/rewrite/widen-float16'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { encodeFloat16 } from '#src/onnx/tensor-values'
import type { Feeds } from './model-runs.ts'
import { floatConstant, floatTensor, outputNoise, runtime } from './model-runs.ts'
import { quantizedNodes } from './quantized-nodes.ts'

const NETWORK = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[1, 8, 12, 12] x) => (float[1, 12] y)
  <${floatConstant('w', [16, 8, 3, 3], 1, 0.1)}, ${floatConstant('b', [16], 2)}, ${floatConstant('v', [16, 16, 3, 3], 3, 0.1)},
   ${floatConstant('f', [16, 12], 4, 0.2)}>
  {
    [c] a = Conv(x, w, b)  [r] d = Relu(a)  [e] h = Conv(d, v)  [gap] p = GlobalAveragePool(h)
    [flat] q = Flatten(p)  [fc] y = MatMul(q, f)
  }`

async function half(keepIoTypes: boolean): Promise<Model> {
  const options = { keepIoTypes, excludedLayers: [], feeds: 'none' } as const
  return (await quantizeFloat16(parseModel(NETWORK), options, runtime)).model
}

function feedsOf(keepIoTypes: boolean, seed: number): Feeds {
  const x = floatTensor([1, 8, 12, 12], seed)
  if (keepIoTypes) return { x }
  return { x: { dtype: 'float16', dims: x.dims, data: encodeFloat16(x.data as Float32Array) } }
}

describe.each([true, false])('a float16 model with float32 inputs: %s', (keepIoTypes) => {
  test('is widened', async () => {
    const [original, model] = [await half(keepIoTypes), await half(keepIoTypes)]
    expect(widenFloat16(model)).toBeGreaterThanOrEqual(4)
    const types = [...model.graph.initializers.values()].map(({ constant }) => constant?.dtype)
    expect(types).not.toContain('float16')
    const names = (of: Model) =>
      [...of.graph.inputs, ...of.graph.outputs].map(({ name, type }) => ({ name, type }))
    expect(names(model)).toEqual(names(original))
    if (keepIoTypes)
      expect(await outputNoise(original, model, feedsOf(true, 9))).toBeGreaterThan(50)
  })

  test('computes on integers', async () => {
    const feeds = [1, 2, 3, 4].map((seed) => feedsOf(keepIoTypes, seed))
    const options = { ...STATIC_DEFAULTS, placements: ['all-but-first'] } as const
    const { candidates } = await staticCandidates(await half(keepIoTypes), options, feeds, runtime)
    const [candidate] = candidates
    const operators = quantizedNodes(candidate!.model).map(({ node }) => node.opType)
    expect(operators.filter((name) => name === 'Conv')).toHaveLength(2)
    expect(candidate!.details['widened_from_float16']).toBeGreaterThanOrEqual(4)
    if (!keepIoTypes) return
    expect(await outputNoise(await half(true), candidate!.model, feeds[0]!)).toBeGreaterThan(25)
  })
})

test('a float32 model is left as it is', () => {
  expect(widenFloat16(parseModel(NETWORK))).toBe(0)
})

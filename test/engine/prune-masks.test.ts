import { describe, expect, test } from 'vitest'
import { nmMask } from '#engine/prune/n-m-mask'
import { unstructuredMask } from '#engine/prune/unstructured-mask'
import { maskWeights } from '#engine/prune/weight-masks'
import type { MaskOptions, MaskRule } from '#engine/prune/weight-masks'
import type { Model } from '#src/onnx/ir/model'
import { floatValues } from '#src/onnx/tensor-values'
import { parseModel } from '#src/onnx/text/parse-model'
import type { Feeds } from './model-runs.ts'
import { runtime } from './model-runs.ts'

function model(): Model {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[B,4] x) => (float[B,2] y) <
      float[4, 4] w = {8, 7, 6, 5, 1, 2, 3, 4, -9, 0.5, 9, 0.1, 2, -3, 0.2, 6}, float[2, 4] v = {1, 2, 3, 4, 4, -3, 2, 1}
    > { h = MatMul(x, w) y = Gemm<transB=1>(h, v) }`)
}

const OPTIONS: MaskOptions = {
  rule: 'prune-n_m',
  importance: 'magnitude',
  excludedLayers: [],
  seed: 0,
  feeds: 'none',
  gradients: 'none',
}

async function masked(mask: MaskRule, options: Partial<MaskOptions> = {}) {
  const made = model()
  await maskWeights(made, mask, { ...OPTIONS, ...options }, runtime)
  const values = (name: string) => [...floatValues(made.graph.initializers.get(name)!.constant!)]
  return { w: values('w'), v: values('v') }
}

describe('masks', () => {
  test('2:4 runs along the axis that is summed over: rows of [K, N], columns of [N, K]', async () => {
    const { w, v } = await masked(nmMask(2, 4))
    const rounded = w.map((value) => Math.round(value * 10) / 10)
    expect(rounded).toEqual([8, 7, 6, 5, 0, 0, 0, 0, -9, 0, 9, 0, 0, -3, 0, 6])
    expect(v).toEqual([0, 0, 3, 4, 4, -3, 0, 0])
  })

  test('global takes the smallest of all, layer the smallest of each', async () => {
    const amount = { kind: 'sparsity', value: 0.25 } as const
    const global = await masked(unstructuredMask({ kind: 'global' }, amount))
    expect([...global.w, ...global.v].filter((value) => value === 0)).toHaveLength(6)
    const layer = await masked(unstructuredMask({ kind: 'layer' }, amount))
    expect(layer.w.filter((value) => value === 0)).toHaveLength(4)
    expect(layer.v.filter((value) => value === 0)).toHaveLength(2)
  })

  test('old models, whose weights are inputs with defaults, lose as much', async () => {
    const old = parseModel(`<ir_version: 3, opset_import: ["" : 8]>
      g (float[1,4] x, float[4, 2] w) => (float[1,2] y) <float[4, 2] w = {8, 7, 6, 5, 1, 2, 3, 4}>
      { y = MatMul(x, w) }`)
    const half = unstructuredMask({ kind: 'layer' }, { kind: 'sparsity', value: 0.5 })
    const { details } = await maskWeights(old, half, OPTIONS, runtime)
    expect(details['zeros']).toBe(4)
  })

  test('a threshold is absolute', async () => {
    const mask = unstructuredMask({ kind: 'global' }, { kind: 'threshold', value: 1.5 })
    const { w, v } = await masked(mask)
    expect(w.filter((value) => value === 0)).toHaveLength(4)
    expect(v.filter((value) => value === 0)).toHaveLength(2)
  })

  test('Wanda weighs each weight by what it meets', async () => {
    const x = { dtype: 'float32', dims: [2, 4], data: new Float32Array([0, 9, 1, 1, 0, 9, 1, 1]) }
    const feeds = {
      async *[Symbol.asyncIterator]() {
        yield { x } as Feeds
      },
    }
    const { w } = await masked(nmMask(2, 4), { importance: 'activation', feeds })
    // The first input is always 0, the second the largest by far.
    expect(w.slice(0, 4)).toEqual([0, 0, 0, 0])
    expect(w.slice(4, 8)).toEqual([1, 2, 3, 4])
  })

  test('an excluded layer stays', async () => {
    const { w, v } = await masked(nmMask(1, 4), { excludedLayers: ['h'] })
    expect(w.filter((value) => value === 0)).toHaveLength(0)
    expect(v.filter((value) => value === 0)).toHaveLength(6)
  })
})

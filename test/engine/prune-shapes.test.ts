// What pruning adds to shape arithmetic: sizes that changed are told as they were, sizes that did not are read as they are.

import { describe, expect, test } from 'vitest'
import { pruneChannels } from '#engine/prune/prune-channels'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { runtime } from './model-runs.ts'
import { HALF_OF_EACH } from './prune-options.ts'

async function pruned(picked: readonly number[]) {
  const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[B,3,4,4] x) => (float[B,4,16] y, int64[${picked.length}] told) <
      float[32,3,1,1] w1 = random(1, 1.0), float[4,32,1,1] w2 = random(2, 1.0),
      int64[${picked.length}] place = {${picked.join()}}, int64[2] rest = {4, 16}, int64[1] zero = {0}
    > {
      a = Conv(x, w1) b = Relu(a) c = Conv(b, w2)
      s = Shape(b) told_inner = Gather(s, place) told = Identity(told_inner)
      t = Shape(b) n = Gather(t, zero) list = Concat<axis = 0>(n, rest) y = Reshape(c, list)
    }`)
  await pruneChannels(model, HALF_OF_EACH, 'none', runtime)
  const ops = [...model.graph.nodes()].map(({ opType }) => opType)
  return { model, ops }
}

describe('sizes once channels are gone', () => {
  test('readers of sizes that are the same read Shape itself', async () => {
    const { ops } = await pruned([0, 2])
    expect(ops).not.toContain('Mul')
    expect(ops).not.toContain('Div')
  })

  test('readers of a size that changed read what it was', async () => {
    const { model, ops } = await pruned([0, -3])
    expect(ops.filter((op) => op === 'Mul')).toHaveLength(1)

    const session = await runtime.load(modelBytes(model), { threads: 1, optimization: 'basic' })
    const x = { dtype: 'float32' as const, dims: [2, 3, 4, 4], data: new Float32Array(96) }
    const { told } = await session.run({ x })
    await session.release()
    expect(told?.data).toEqual(BigInt64Array.of(2n, 32n))
  })

  test('lists of sizes joined of parts stay lists: the numbers in them change', async () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[B,3,4,4] x) => (float[B,4,16] y) <
        float[32,3,1,1] w1 = random(1, 1.0), float[4,32,1,1] w2 = random(2, 1.0),
        int64[1] zero = {0}, int64[2] channels = {32, 16}, int64[2] sides = {4, 4}, int64[2] last = {4, 16}
      > {
        a = Conv(x, w1) b = Relu(a) s = Shape(x) n = Gather(s, zero)
        flat = Concat<axis = 0>(n, channels) f = Reshape(b, flat) r = Relu(f)
        one = Constant<value_ints = [1]>() whole = Slice(channels, zero, one)
        square = Concat<axis = 0>(n, whole, sides) p = Reshape(r, square)
        c = Conv(p, w2) list = Concat<axis = 0>(n, last) y = Reshape(c, list)
      }`)
    const { details } = await pruneChannels(model, HALF_OF_EACH, 'none', runtime)
    expect(details['removed']).toBe(16)
    const ops = [...model.graph.nodes()].map(({ opType }) => opType)
    for (const op of ['Mul', 'Div', 'Less', 'Where']) expect(ops).not.toContain(op)
  })
})

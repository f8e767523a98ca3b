import { describe, expect, test } from 'vitest'
import { balanceRows } from '#engine/prune/balance/balance-rows'
import { prepareModel } from '#engine/prune/prepare-model'
import { pruneChannels } from '#engine/prune/prune-channels'
import type { Model } from '#src/onnx/ir/model'
import { floatValues } from '#src/onnx/tensor-values'
import type { PruneCase } from '#test/support/prune-case'
import { caseModel } from '#test/support/prune-case'
import { floatTensor, relativeDifference, runModel, runtime } from './model-runs.ts'
import { ATTENTION_CASES } from './prune-cases-attention.ts'
import { HALF_OF_EACH } from './prune-options.ts'

const NO_DATA = { feeds: 'none', gradients: 'none' } as const

const INPUTS = 'float[B,5,12] x'

const HEADS = [
  'int64[4] heads = {0, 0, 3, 4}',
  'int64[3] joined = {0, 0, 12}',
  'float half = {0.5}',
]

const QKV = `q0 = MatMul(x, wq) k0 = MatMul(x, wk) v0 = MatMul(x, wv)
  q1 = Reshape(q0, heads) k1 = Reshape(k0, heads) v1 = Reshape(v0, heads)
  q = Transpose<perm=[0,2,1,3]>(q1) k = Transpose<perm=[0,2,1,3]>(k1) v = Transpose<perm=[0,2,1,3]>(v1)`

const OUT = `p = Softmax<axis=-1>(sc) o = MatMul(p, v) ot = Transpose<perm=[0,2,1,3]>(o)
  oj = Reshape(ot, joined) y = MatMul(oj, wo)`

const WEIGHTS = { wq: [12, 12], wk: [12, 12], wv: [12, 12], wo: [12, 6] }

/** Scores of each half of the positions are taken apart: those of one half must stay among themselves. */
const DIFFERENTIAL: PruneCase = {
  title: 'differential attention',
  input: INPUTS,
  weights: WEIGHTS,
  constants: [...HEADS, 'int64[2] two = {2, 2}'],
  body: `${QKV} qa, qb = Split<axis=3>(q, two) ka, kb = Split<axis=3>(k, two)
    kat = Transpose<perm=[0,1,3,2]>(ka) kbt = Transpose<perm=[0,1,3,2]>(kb)
    sa = MatMul(qa, kat) sb = MatMul(qb, kbt) ta = Softmax<axis=-1>(sa) tb = Tanh(sb) sc = Sub(ta, tb) ${OUT}`,
  units: [],
}

/** A scale of positions that all heads share tells no heads apart. */
const SHARED: PruneCase = {
  title: 'a scale that heads share',
  input: INPUTS,
  weights: { ...WEIGHTS, sq: [4] },
  constants: HEADS,
  body: `${QKV} qs = Mul(q, sq) kt = Transpose<perm=[0,1,3,2]>(k) s = MatMul(qs, kt) sc = Mul(s, half) ${OUT}`,
  units: [],
}

/** Keys by values of one head lie along its positions twice: heads have no order for each position. */
const FACTORIZED: PruneCase = {
  title: 'factorized attention of one packed projection',
  input: INPUTS,
  weights: { w: [12, 36], wo: [12, 6] },
  constants: [
    'int64[5] packed = {0, 0, 3, 3, 4}',
    'int64[3] joined = {0, 0, 12}',
    'int64 i0 = {0}',
    'int64 i1 = {1}',
    'int64 i2 = {2}',
  ],
  body: `m = MatMul(x, w) r = Reshape(m, packed) t = Transpose<perm=[2,0,3,1,4]>(r)
    q = Gather<axis=0>(t, i0) k = Gather<axis=0>(t, i1) v = Gather<axis=0>(t, i2)
    e = Tanh(k) kt = Transpose<perm=[0,1,3,2]>(e) kv = MatMul(kt, v) o = MatMul(q, kv)
    ot = Transpose<perm=[0,2,1,3]>(o) oj = Reshape(ot, joined) y = MatMul(oj, wo)`,
  units: [],
}

const GROUPED: PruneCase = {
  title: 'grouped convolutions',
  input: 'float[B,3,6,6] x',
  weights: { w0: [16, 3, 1, 1], b0: [16], w1: [24, 4, 3, 3], b1: [24], w2: [5, 24, 1, 1] },
  body: `a = Conv(x, w0, b0) r = Relu(a) c = Conv<group=4, kernel_shape=[3,3], pads=[1,1,1,1]>(r, w1, b1)
    t = Relu(c) y = Conv(t, w2)`,
  units: [],
}

const titled = (title: string): PruneCase => {
  const found = ATTENTION_CASES.find((one) => one.title === title)
  if (found === undefined) throw new Error(`no case '${title}'`)
  return found
}

const CASES: readonly (readonly [PruneCase, number])[] = [
  [titled('attention with three projections'), 2],
  [titled('attention with one packed projection'), 1],
  // Query heads of one key head are rows as well.
  [titled('grouped-query attention: two key heads for four query heads'), 3],
  [DIFFERENTIAL, 3],
  [SHARED, 1],
  [FACTORIZED, 1],
  [GROUPED, 2],
]

function weightsOf({ graph }: Model): number[] {
  return [...graph.initializers.values()].flatMap(({ constant }) => {
    return constant?.dtype === 'float32' ? [...floatValues(constant)] : []
  })
}

function feedsOf(model: Model) {
  const isImage =
    model.graph.inputs[0]?.type?.kind === 'tensor' && model.graph.initializers.has('w0')
  return { x: floatTensor(isImage ? [2, 3, 6, 6] : [2, 5, 12], 7) }
}

describe('rows in an order of their own', () => {
  test.each(CASES.map(([one, count]) => [one.title, one, count] as const))(
    'the model computes the same: %s',
    async (_title, one, count) => {
      const model = caseModel(one)
      const whole = caseModel(one)
      for (const each of [model, whole]) await prepareModel(each, runtime)
      const balance = await balanceRows(model, HALF_OF_EACH, NO_DATA, runtime)
      expect(balance.balanced).toHaveLength(count)
      expect(weightsOf(model)).not.toEqual(weightsOf(whole))
      const feeds = feedsOf(model)
      expect(
        relativeDifference(await runModel(whole, feeds), await runModel(model, feeds)),
      ).toBeLessThan(1e-5)
      balance.undo()
      expect(weightsOf(model)).toEqual(weightsOf(whole))
    },
  )

  test('every group has its most important channels first', async () => {
    const model = caseModel(GROUPED)
    await prepareModel(model, runtime)
    await balanceRows(model, HALF_OF_EACH, NO_DATA, runtime)
    const weights = floatValues(model.graph.initializers.get('w0')!.constant!)
    const norms = Array.from({ length: 16 }, (_, row) => {
      return Math.hypot(...weights.slice(row * 3, row * 3 + 3))
    })
    for (let group = 0; group < 4; group += 1) {
      const own = norms.slice(group * 4, group * 4 + 4)
      expect(own).toEqual([...own].sort((one, other) => other - one))
    }
  })

  test('the report tells groups and sizes; a model of which nothing goes is as it was', async () => {
    const half = caseModel(GROUPED)
    const { details } = await pruneChannels(half, HALF_OF_EACH, 'none', runtime)
    expect(details['balanced']).toMatchObject([
      { rows: 4, size: 4 },
      { rows: 4, size: 6 },
    ])
    const whole = caseModel(GROUPED)
    const nothing = { ...HALF_OF_EACH, amount: { kind: 'sparsity', value: 0 } } as const
    const kept = await pruneChannels(whole, nothing, 'none', runtime)
    expect(kept.details['removed']).toBe(0)
    expect(weightsOf(whole)).toEqual(weightsOf(caseModel(GROUPED)))
  })
})

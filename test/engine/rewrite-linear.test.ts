// Rules that put linear operators together, by numeric equality on random input and by the operators that are left.

import { describe, expect, it } from 'vitest'
import { joinWhereFaster } from '#engine/prune/join-where-faster'
import { joinGroups } from '#engine/rewrite/join-groups'
import { padChannels } from '#engine/rewrite/pad-channels'
import { simplify } from '#engine/rewrite/simplify'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatConstant, floatTensor, relativeDifference, runModel, runtime } from './model-runs.ts'

interface Case {
  readonly what: string
  readonly constants: readonly string[]
  readonly body: string
  readonly left: readonly string[]
}

const W = floatConstant('w', [8, 4, 3, 3], 1)
const B = floatConstant('b', [8], 2)
const POINT = floatConstant('p', [8, 4, 1, 1], 3)
const STATISTICS = ['gamma', 'beta', 'mean'].map((name, at) => floatConstant(name, [4], 20 + at))
const VARIANCE = 'float[4] variance = {1, 0.25, 4, 2}'

const CASES: readonly Case[] = [
  {
    what: 'a factor per channel goes into all convolutions behind it',
    constants: [W, POINT, 'float[1, 4, 1, 1] s = {0.5, -2, 3, 1}'],
    body: `r = Relu(x)  m = Mul(r, s)  a = Conv<pads = [1, 1, 1, 1]>(m, w)  c = Conv(m, p)
      t = Tanh(a)  y = Add(t, c)`,
    left: ['Add', 'Conv', 'Conv', 'Relu', 'Tanh'],
  },
  {
    what: 'a factor goes into a grouped convolution by its groups',
    constants: [floatConstant('w', [6, 2, 3, 3], 4), 'float[4, 1, 1] s = {0.5, -2, 3, 1}'],
    body: 'r = Relu(x)  m = Mul(s, r)  y = Conv<group = 2>(m, w)',
    left: ['Conv', 'Relu'],
  },
  {
    what: 'an addend goes into the bias where nothing is padded',
    constants: [W, B, 'float[4, 1, 1] t = {0.5, -2, 3, 1}'],
    body: 'r = Relu(x)  m = Add(r, t)  y = Conv(m, w, b)',
    left: ['Conv', 'Relu'],
  },
  {
    what: 'an addend stays in front of a padded convolution, its factor does not',
    constants: [W, POINT, 'float[1] s = {1.5}', 'float[1] t = {-0.75}'],
    body: `r = Relu(x)  m = Mul(s, r)  n = Add(m, t)  a = Conv<pads = [1, 1, 1, 1]>(n, w)
      c = Conv(n, p)  z = Tanh(a)  y = Add(z, c)`,
    left: ['Add', 'Add', 'Conv', 'Conv', 'Relu', 'Tanh'],
  },
  {
    what: 'what something else reads as well stays',
    constants: [W, 'float[1] s = {1.5}'],
    body: `r = Relu(x)  m = Mul(s, r)  a = Conv(m, w)  g = GlobalAveragePool(a)  h = GlobalAveragePool(m)
      k = ReduceSum(h)  y = Add(g, k)`,
    left: ['Add', 'Conv', 'GlobalAveragePool', 'GlobalAveragePool', 'Mul', 'ReduceSum', 'Relu'],
  },
  {
    what: 'windows of several sizes and a normalization become one',
    constants: [
      floatConstant('w', [4, 4, 3, 3], 5),
      floatConstant('b', [4], 6),
      floatConstant('p', [4, 4, 1, 1], 7),
      floatConstant('q', [4, 4, 1, 3], 8),
      ...STATISTICS,
      VARIANCE,
    ],
    body: `r = Relu(x)  a = Conv(r, p)  c = Conv<pads = [1, 1, 1, 1]>(r, w, b)
      n = BatchNormalization(r, gamma, beta, mean, variance)  d = Conv<pads = [0, 1, 0, 1]>(r, q)
      e = Add(a, c)  f = Add(n, e)  y = Add(f, d)`,
    left: ['Conv', 'Relu'],
  },
  {
    what: 'depthwise ones as well',
    constants: [
      floatConstant('w', [4, 1, 3, 3], 9),
      floatConstant('p', [4, 1, 1, 1], 10),
      ...STATISTICS,
      VARIANCE,
    ],
    body: `r = Relu(x)  a = Conv<group = 4>(r, p)  c = Conv<group = 4, pads = [1, 1, 1, 1]>(r, w)
      n = BatchNormalization(r, gamma, beta, mean, variance)  e = Add(a, c)  y = Add(n, e)`,
    left: ['Conv', 'Relu'],
  },
  {
    what: 'convolutions with other steps stay apart',
    constants: [
      floatConstant('w', [4, 4, 3, 3], 11),
      floatConstant('p', [4, 4, 3, 3], 12),
      floatConstant('q', [4, 4, 2, 2], 13),
    ],
    body: `r = Relu(x)  a = Conv<pads = [2, 2, 2, 2], dilations = [2, 2]>(r, p)
      c = Conv<pads = [1, 1, 1, 1]>(r, w)  d = Conv<pads = [0, 0, 1, 1]>(r, q)  e = Add(a, c)
      y = Add(e, d)`,
    left: ['Add', 'Add', 'Conv', 'Conv', 'Conv', 'Relu'],
  },
  {
    what: 'a 1×1 convolution behind another joins it where that saves',
    constants: [W, B, floatConstant('u', [16, 8, 1, 1], 14), floatConstant('v', [4, 16, 1, 1], 15)],
    body: 'a = Conv(x, w, b)  r = Relu(a)  c = Conv(r, u)  y = Conv(c, v)',
    left: ['Conv', 'Conv', 'Relu'],
  },
  {
    what: 'a bottleneck of 1×1 convolutions stays',
    constants: [floatConstant('u', [1, 4, 1, 1], 16), floatConstant('v', [8, 1, 1, 1], 17)],
    body: 'c = Conv(x, u)  y = Conv(c, v)',
    left: ['Conv', 'Conv'],
  },
  {
    what: 'a gate with a residual adds before it multiplies',
    constants: [floatConstant('p', [4, 4, 1, 1], 18)],
    body: `r = Relu(x)  g = GlobalAveragePool(r)  c = Conv(g, p)  s = Sigmoid(c)  m = Mul(s, r)
      y = Add(r, m)`,
    left: ['Add', 'Conv', 'GlobalAveragePool', 'Mul', 'Relu', 'Sigmoid'],
  },
]

describe('linear rewrites', () => {
  it.each(CASES)('$what', async ({ constants, body, left }) => {
    const text = `<ir_version: 8, opset_import: ["" : 17]>
      g (float[2, 4, 9, 9] x) => (float[N, C, H, W] y) <${constants.join()}> { ${body} }`
    const model = parseModel(text)
    await simplify(model, runtime)
    const operators = [...model.graph.nodes()].map(({ opType }) => opType)
    expect(operators.toSorted()).toEqual([...left])
    const feeds = { x: floatTensor([2, 4, 9, 9], 99) }
    const [expected, actual] = [
      await runModel(parseModel(text), feeds),
      await runModel(model, feeds),
    ]
    expect(relativeDifference(expected, actual)).toBeLessThan(1e-5)
  })
})

describe('padding of channels', () => {
  const text = `<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, 3, 9, 9] x) => (float[N, 5] y)
    <${[
      floatConstant('stem', [24, 3, 3, 3], 1),
      floatConstant('stem_bias', [24], 2),
      floatConstant('depthwise', [24, 1, 3, 3], 3),
      floatConstant('squeeze', [6, 24, 1, 1], 4),
      floatConstant('excite', [24, 6, 1, 1], 5),
      floatConstant('project', [20, 24, 1, 1], 6),
      floatConstant('head', [5, 20], 7),
    ].join()}>
    { a = Conv<strides = [2, 2]>(x, stem, stem_bias)  b = HardSigmoid(a)  c = Mul(a, b)
      d = Conv<group = 24, pads = [1, 1, 1, 1]>(c, depthwise)  e = GlobalAveragePool(d)
      f = Conv(e, squeeze)  g = Relu(f)  h = Conv(g, excite)  i = Sigmoid(h)  j = Mul(d, i)
      k = Conv(j, project)  l = GlobalAveragePool(k)  m = Flatten(l)
      y = Gemm<transB = 1>(m, head) }`

  it('fills groups up that dense convolutions make and read, and changes no result', async () => {
    const model = parseModel(text)
    expect(padChannels(model)).toBe(1)
    const dims = [...model.graph.initializers.values()].flatMap(({ constant, uses }) => {
      return uses.size === 0 ? [] : [constant?.dims.join('×')]
    })
    expect(dims.toSorted()).toEqual(
      ['32×3×3×3', '32', '32×1×3×3', '6×32×1×1', '32×6×1×1', '20×32×1×1', '5×20'].toSorted(),
    )
    const feeds = { x: floatTensor([2, 3, 9, 9], 99) }
    const [expected, actual] = [
      await runModel(parseModel(text), feeds),
      await runModel(model, feeds),
    ]
    expect(relativeDifference(expected, actual)).toBeLessThan(1e-5)
  })
})

describe('joining of groups', () => {
  const weights = [
    floatConstant('eights', [32, 8, 3, 3], 1),
    floatConstant('fours', [64, 4, 1, 1], 2),
    floatConstant('odd', [24, 8, 1, 1], 3),
    floatConstant('bias', [64], 4),
    floatConstant('half', [24, 64, 1, 1], 5),
  ]
  const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 32, 9, 9] x) => (float[N, 24, 9, 9] y)
    <${weights.join()}> {
      [a] a = Conv<group = 4, pads = [1, 1, 1, 1]>(x, eights)  r = Relu(a)
      [b] b = Conv<group = 8>(r, fours, bias)  c = Conv(b, half)  [d] y = Conv<group = 3>(c, odd)
    }`
  const feeds = { x: floatTensor([2, 32, 9, 9], 99) }

  it('fills vectors of 16 where the groups divide, and changes no result', async () => {
    const model = parseModel(text)
    expect(joinGroups(model)).toBe(2)
    const groups = [...model.graph.nodes()].map((node) => {
      return [node.name, node.int('group', 1), node.input(1)?.constant?.dims[1]]
    })
    expect(groups.filter(([, count]) => count !== 1)).toEqual([
      ['a', 2, 16],
      ['b', 2, 16],
      ['d', 3, 8],
    ])
    const expected = await runModel(parseModel(text), feeds)
    expect(relativeDifference(expected, await runModel(model, feeds))).toBeLessThan(1e-6)
  })

  it('leaves what is excluded', () => {
    expect(joinGroups(parseModel(text), new Set(['a']))).toBe(1)
  })

  it('is kept where it is faster, and said where not', async () => {
    const model = parseModel(text)
    const found = await joinWhereFaster(model, [], 1, runtime)
    expect(found.joined === null).toBe(found.model === model)
    expect(found.declined).toHaveLength(found.joined === null ? 1 : 0)
    if (found.joined !== null) expect(found.joined.timesAsFast).toBeGreaterThanOrEqual(1.05)
    const nothing = await joinWhereFaster(model, ['a', 'b'], 1, runtime)
    expect(nothing).toEqual({ model, joined: null, declined: [] })
  })
})

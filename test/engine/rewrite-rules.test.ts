// Every rule by numeric equality on random input, and by the operators that are left. Tolerance: 1e-5 of the largest output.

import { describe, expect, it } from 'vitest'
import { simplify } from '#engine/rewrite/simplify'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { floatConstant, floatTensor, relativeDifference, runModel, runtime } from './model-runs.ts'

const TOLERANCE = 1e-5

interface Case {
  readonly rule: string
  readonly signature: string
  readonly constants?: readonly string[]
  readonly body: string
  readonly input: readonly number[]
  readonly left: readonly string[]
  readonly opset?: number
}

const CONV = floatConstant('w', [4, 3, 3, 3], 1)
const STATISTICS = [
  'float[4] gamma = {1.5, -0.5, 2, 0.25}',
  'float[4] beta = {0.1, 0.2, -0.3, 0.4}',
  'float[4] mean = {0.5, -1, 0, 2}',
  'float[4] variance = {1, 0.25, 4, 2}',
]
const IMAGE = '(float[N, 3, 8, 8] x) => (float[N, C, H, W] y)'
const MATRIX = '(float[N, 6] x) => (float[N, M] y)'

const CASES: readonly Case[] = [
  {
    rule: 'fuse-batch-norm',
    signature: IMAGE,
    constants: [CONV, ...STATISTICS],
    body: 'c = Conv(x, w)  y = BatchNormalization<epsilon = 0.001>(c, gamma, beta, mean, variance)',
    input: [2, 3, 8, 8],
    left: ['Conv'],
  },
  {
    rule: 'fuse-batch-norm',
    signature: IMAGE,
    constants: [floatConstant('w', [3, 4, 3, 3], 2), floatConstant('b', [4], 3), ...STATISTICS],
    body: 'c = ConvTranspose(x, w, b)  y = BatchNormalization(c, gamma, beta, mean, variance)',
    input: [2, 3, 8, 8],
    left: ['ConvTranspose'],
  },
  {
    rule: 'fuse-batch-norm',
    signature: '(float[N, 4, 5, 5] x) => (float[N, C, H, W] y)',
    constants: [floatConstant('w', [4, 2, 2, 2], 4), ...STATISTICS],
    body: 'c = ConvTranspose<group = 2>(x, w)  y = BatchNormalization(c, gamma, beta, mean, variance)',
    input: [1, 4, 5, 5],
    left: ['ConvTranspose'],
  },
  {
    rule: 'fuse-channel-affine',
    signature: IMAGE,
    constants: [CONV, 'float[4, 1, 1] k = {1, 2, -3, 0.5}', 'float[1, 4, 1, 1] t = {1, 2, 3, 4}'],
    body: 'c = Conv(x, w)  m = Mul(k, c)  y = Add(m, t)',
    input: [2, 3, 8, 8],
    left: ['Conv'],
  },
  {
    rule: 'fuse-matmul-add',
    signature: MATRIX,
    constants: [floatConstant('w', [6, 5], 5), floatConstant('b', [5], 6)],
    body: 'p = MatMul(x, w)  y = Add(b, p)',
    input: [3, 6],
    left: ['Gemm'],
  },
  {
    rule: 'mean-to-global-pool',
    signature: '(float[N, 3, 8, 8] x) => (float[N, C] y)',
    constants: [],
    body: 'r = Relu(x)  y = ReduceMean<axes = [-1, 2], keepdims = 0>(r)',
    input: [2, 3, 8, 8],
    left: ['GlobalAveragePool', 'Relu', 'Reshape'],
  },
  {
    rule: 'recognise-hard-sigmoid',
    signature: IMAGE,
    constants: ['float three = {3}', 'float zero = {0}', 'float six = {6}'],
    body: 's = Add(x, three)  c = Clip(s, zero, six)  m = Mul(x, c)  y = Div(m, six)',
    input: [1, 3, 8, 8],
    left: ['HardSigmoid', 'Mul'],
  },
  {
    rule: 'recognise-hard-sigmoid',
    signature: IMAGE,
    constants: ['float three = {3}', 'float zero = {0}', 'float six = {6}'],
    body: 's = Add(three, x)  c = Clip(s, zero, six)  d = Div(c, six)  y = Mul(x, d)',
    input: [1, 3, 8, 8],
    left: ['HardSigmoid', 'Mul'],
  },
  {
    rule: 'fuse-pad-conv',
    signature: IMAGE,
    constants: [CONV, 'int64[8] pads = {0, 0, 1, 2, 0, 0, 0, 1}'],
    body: 'p = Pad(x, pads)  y = Conv<pads = [1, 0, 0, 0]>(p, w)',
    input: [2, 3, 8, 8],
    left: ['Conv'],
  },
  {
    rule: 'merge-transposes',
    signature: IMAGE,
    constants: [CONV],
    body: `a = Transpose<perm = [0, 2, 3, 1]>(x)  b = Transpose<perm = [0, 3, 1, 2]>(a)
      y = Conv(b, w)`,
    input: [2, 3, 8, 8],
    left: ['Conv'],
  },
  {
    rule: 'softmax-before-transpose',
    signature: IMAGE,
    constants: [CONV],
    body: `a = Transpose<perm = [0, 3, 1, 2]>(x)  s = Softmax<axis = 1>(a)
      b = Transpose<perm = [0, 2, 3, 1]>(s)  y = Conv(b, w)`,
    input: [2, 3, 8, 8],
    left: ['Conv', 'Softmax'],
  },
  {
    rule: 'merge-reshapes',
    signature: '(float[2, 3, 8, 8] x) => (float[A, B] y)',
    constants: ['int64[3] first = {0, -1, 8}', 'int64[2] second = {4, 96}'],
    body: 'a = Reshape(x, first)  b = Relu(a)  c = Reshape(a, second)  d = Reshape(b, second)  y = Add(c, d)',
    input: [2, 3, 8, 8],
    left: ['Add', 'Relu', 'Reshape', 'Reshape', 'Reshape'],
  },
  {
    rule: 'remove-no-ops',
    signature: IMAGE,
    constants: ['float one = {1}'],
    body: `a = Identity(x)  d, m = Dropout(a)  c = Cast<to = 1>(d)  e = Mul(c, one)  f = Concat<axis = 1>(e)
      g = Relu(f)  y = Identity(g)`,
    input: [1, 3, 8, 8],
    left: ['Relu'],
  },
  {
    rule: 'fold-constants',
    signature: '(float[2, 3, 8, 8] x) => (float[A, B] y)',
    constants: [floatConstant('a', [192, 4], 7), floatConstant('b', [192, 4], 8)],
    body: `shape = Shape(x)  zero = Constant<value_ints = [0]>()  batch = Gather(shape, zero)
      rest = Constant<value_ints = [-1]>()  target = Concat<axis = 0>(batch, rest)
      flat = Reshape(x, target)  sum = Add(a, b)  root = Tanh(sum)  y = MatMul(flat, root)`,
    input: [2, 3, 8, 8],
    left: ['MatMul', 'Reshape'],
  },
  {
    rule: 'merge-equal-nodes',
    signature: IMAGE,
    constants: [],
    body: 'a = Relu(x)  b = Relu(x)  c = Sigmoid(a)  d = Sigmoid(b)  y = Mul(c, d)',
    input: [1, 3, 8, 8],
    left: ['Mul', 'Relu', 'Sigmoid'],
  },
  {
    rule: 'remove-dead-code',
    signature: IMAGE,
    constants: [CONV],
    body: 'unread = Conv(x, w)  y = Relu(x)',
    input: [1, 3, 8, 8],
    left: ['Relu'],
  },
]

function modelOf({ signature, constants, body, opset }: Case): Model {
  const initializers = constants === undefined ? '' : `<${constants.join(', ')}>`
  return parseModel(
    `<ir_version: 8, opset_import: ["" : ${opset ?? 17}]> g ${signature} ${initializers === '<>' ? '' : initializers} { ${body} }`,
  )
}

function operators(model: Model): string[] {
  return [...model.graph.nodes()].map(({ opType }) => opType).toSorted()
}

describe('simplify', () => {
  it.each(CASES.map((item, index) => [`${item.rule} (${index})`, item] as const))(
    '%s: equal results, fewer nodes',
    async (_label, item) => {
      const original = modelOf(item)
      const simplified = modelOf(item)
      const report = await simplify(simplified, runtime)
      expect(operators(simplified)).toEqual(item.left)
      const isRefused = item.left.length === operators(original).length
      if (!isRefused) expect(report.details.applied[item.rule]).toBeGreaterThan(0)
      const feeds = { x: floatTensor(item.input, 42) }
      const [expected, actual] = [
        await runModel(original, feeds),
        await runModel(simplified, feeds),
      ]
      expect(relativeDifference(expected, actual)).toBeLessThan(TOLERANCE)
      expect(simplified.graph.inputs.map(({ name }) => name)).toEqual(['x'])
      expect(simplified.graph.outputs.map(({ name }) => name)).toEqual(['y'])
    },
  )

  it('changes nothing the second time', async () => {
    for (const item of CASES) {
      const model = modelOf(item)
      await simplify(model, runtime)
      const once = modelBytes(model)
      await simplify(model, runtime)
      expect(modelBytes(model)).toEqual(once)
    }
  })
})

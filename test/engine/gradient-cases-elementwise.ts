import type { GradientCase } from '#test/support/gradient-check'

type Extra = Partial<GradientCase>

function unary(op: string, extra: Extra = {}, attributes = ''): GradientCase {
  const graph = `g (float[3,7] x) => (float y) { y = ${op}${attributes}(x) }`
  return { title: `${op}${attributes}`, graph, ...extra }
}

function binary(op: string, a: string, b: string, extra: Extra = {}): GradientCase {
  const graph = `g (float[${a}] a, float[${b}] b) => (float y) { y = ${op}(a, b) }`
  return { title: `${op} [${a}] and [${b}]`, graph, ...extra }
}

const INSIDE: Extra = { range: [-0.8, 0.8] }
const POSITIVE: Extra = { range: [0.5, 3] }
const WIDE: Extra = { range: [-4.3, 4.4] }

export const ELEMENTWISE_CASES: readonly GradientCase[] = [
  unary('Abs'),
  unary('Acos', INSIDE),
  unary('Acosh', { range: [1.5, 3] }),
  unary('Asin', INSIDE),
  unary('Asinh'),
  unary('Atan'),
  unary('Atanh', INSIDE),
  unary('Cos'),
  unary('Cosh'),
  unary('Erf'),
  unary('Exp'),
  unary('Identity'),
  unary('Log', POSITIVE),
  unary('Neg'),
  unary('Reciprocal', POSITIVE),
  unary('Sin'),
  unary('Sinh'),
  unary('Sqrt', POSITIVE),
  unary('Tan', INSIDE),
  unary('Tanh'),
  unary('Dropout'),
  {
    title: 'Cast to float64 and back',
    graph: 'g (float[5] x) => (float y) { d = Cast<to=11>(x) s = Mul(d, d) y = Cast<to=1>(s) }',
  },
  unary('Celu', {}, '<alpha=0.7>'),
  unary('Elu', {}, '<alpha=0.7>'),
  unary('Gelu'),
  unary('Gelu', {}, '<approximate="tanh">'),
  unary('HardSigmoid', WIDE, '<alpha=0.3>'),
  unary('HardSwish', WIDE),
  unary('LeakyRelu', {}, '<alpha=0.2>'),
  unary('Mish'),
  unary('Relu'),
  unary('Selu'),
  unary('Shrink', {}, '<lambd=0.4, bias=0.1>'),
  unary('Sigmoid'),
  unary('Softplus'),
  unary('Softsign'),
  unary('Swish', { opset: 24 }, '<alpha=1.3>'),
  unary('ThresholdedRelu', {}, '<alpha=0.4>'),
  {
    title: 'Clip with both bounds',
    graph:
      'g (float[12] x) => (float y) <float lo = {-0.3}, float hi = {0.2}> { y = Clip(x, lo, hi) }',
  },
  {
    title: 'Clip with an upper bound',
    graph: 'g (float[12] x) => (float y) <float hi = {0.2}> { y = Clip(x, "", hi) }',
  },
  binary('PRelu', '2,3,4', '3,1'),
  binary('PRelu', '3,4', '4'),
  binary('Add', '2,3', '2,3'),
  binary('Add', '2,3,4', '3,1'),
  binary('Sub', '3,1', '2,1,4'),
  binary('Mul', '2,3,4', '1,3,1'),
  binary('Mul', '1', '2,3'),
  binary('Div', '2,3', '3', POSITIVE),
  binary('Div', '3', '2,3', POSITIVE),
  binary('Pow', '2,3', '3', { range: [0.5, 2] }),
  binary('Max', '2,3', '2,3'),
  binary('Min', '2,3', '3'),
  binary('Sum', '2,3', '3'),
  binary('Mean', '2,3', '3'),
  {
    title: 'Pow with a constant exponent',
    graph: 'g (float[6] x) => (float y) <float e = {3.0}> { y = Pow(x, e) }',
  },
  {
    title: 'Pow with an integer exponent',
    graph: 'g (float[6] x) => (float y) <int64 e = {2}> { y = Pow(x, e) }',
  },
  {
    title: 'Mod of fractions',
    graph: 'g (float[5] a) => (float y) <float b = {0.4}> { y = Mod<fmod=1>(a, b) }',
    range: [0.41, 0.79],
  },
  {
    title: 'Max of three',
    graph: 'g (float[6] a, float[6] b, float[1] c) => (float y) { y = Max(a, b, c) }',
  },
  {
    title: 'an operand used twice',
    graph: 'g (float[6] x) => (float y) { y = Mul(x, x) }',
  },
  {
    title: 'Add of unknown sizes',
    graph: 'g (float[N,C,H] a, float[C,K] b) => (float y) { y = Mul(a, b) }',
    sizes: { N: 2, C: 3, H: 4, K: 1 },
  },
  {
    title: 'Where',
    graph:
      'g (float[2,3] a, float[3] b) => (float y) <bool[2,1] c = {1, 0}> { y = Where(c, a, b) }',
  },
  {
    title: 'Softmax over the last axis',
    graph: 'g (float[3,4] x) => (float y) { y = Softmax(x) }',
  },
  {
    title: 'Softmax over axis 1 of 3',
    graph: 'g (float[2,4,2] x) => (float y) { y = Softmax<axis=1>(x) }',
  },
  {
    title: 'LogSoftmax',
    graph: 'g (float[2,3,2] x) => (float y) { y = LogSoftmax<axis=-2>(x) }',
  },
]

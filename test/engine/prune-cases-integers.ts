// Graphs that compute on integers, and attention as one operator.

import type { PruneCase } from '#test/support/prune-case'

/** Whole numbers from −9 to 9 that look like chance. */
function integers(name: string, dims: readonly number[], dtype = 'int8'): string {
  const size = dims.reduce((product, dim) => product * dim, 1)
  const values = Array.from({ length: size }, (_, index) => ((index * 7919 + 13) % 19) - 9)
  return `${dtype}[${dims.join()}] ${name} = {${values.join()}}`
}

const bytes = (name: string, dims: readonly number[]) => {
  const size = dims.reduce((product, dim) => product * dim, 1)
  const values = Array.from({ length: size }, (_, index) => (index * 7919 + 13) % 255)
  return `uint8[${dims.join()}] ${name} = {${values.join()}}`
}

const positive = (name: string, size: number) =>
  `float[${size}] ${name} = {${Array.from({ length: size }, (_, index) => 0.01 + 0.001 * index).join()}}`

const ZEROS = ['float s = {0.05}', 'uint8 z = {128}', 'int8 i = {0}', 'float t = {0.04}']

const TOKENS = 'float[B,5,12] x'
const IMAGE = 'float[B,3,6,6] x'

const QKV = { wq: [12, 8], wk: [12, 8], wv: [12, 8], wo: [8, 3] }

const PROJECTED = 'q = MatMul(x, wq) k = MatMul(x, wk) v = MatMul(x, wv)'

const HEADS = `${PROJECTED} qr = Reshape(q, heads) kr = Reshape(k, heads) vr = Reshape(v, heads)
  qh = Transpose<perm=[0,2,1,3]>(qr) kh = Transpose<perm=[0,2,1,3]>(kr) vh = Transpose<perm=[0,2,1,3]>(vr)`

const JOINED = 'ot = Transpose<perm=[0,2,1,3]>(o) of = Reshape(ot, flat) y = MatMul(of, wo)'

const SHAPES = ['int64[4] heads = {0, 0, 2, 4}', 'int64[3] flat = {0, 0, 8}']

export const INTEGER_CASES: readonly PruneCase[] = [
  {
    title: 'QLinearConv with scales per channel',
    input: IMAGE,
    weights: {},
    constants: [
      ...ZEROS,
      integers('w1', [8, 3, 3, 3]),
      positive('s1', 8),
      'int8[8] z1 = {0, 0, 0, 0, 0, 0, 0, 0}',
      integers('b1', [8], 'int32'),
      integers('w2', [5, 8, 1, 1]),
    ],
    body: `q = QuantizeLinear(x, s, z) a = QLinearConv<pads=[1,1,1,1]>(q, s, z, w1, s1, z1, s, z, b1)
      b = QLinearConv(a, s, z, w2, t, i, s, z) y = DequantizeLinear(b, s, z)`,
    units: [8],
  },
  {
    title: 'a grouped QLinearConv',
    input: IMAGE,
    weights: {},
    constants: [
      ...ZEROS,
      integers('w1', [8, 3, 1, 1]),
      integers('w2', [8, 2, 3, 3]),
      integers('w3', [5, 8, 1, 1]),
    ],
    body: `q = QuantizeLinear(x, s, z) a = QLinearConv(q, s, z, w1, t, i, s, z)
      b = QLinearConv<group=4, pads=[1,1,1,1]>(a, s, z, w2, t, i, s, z)
      c = QLinearConv(b, s, z, w3, t, i, s, z) y = DequantizeLinear(c, s, z)`,
    units: [4, 2, 2],
  },
  {
    title: 'QLinearMatMul',
    input: TOKENS,
    weights: {},
    constants: [...ZEROS, integers('w1', [12, 8]), integers('w2', [8, 3])],
    body: `q = QuantizeLinear(x, s, z) a = QLinearMatMul(q, s, z, w1, t, i, s, z) b = QLinearMatMul(a, s, z, w2, t, i, s, z)
      y = DequantizeLinear(b, s, z)`,
    units: [8],
  },
  {
    title: 'MatMulInteger',
    input: TOKENS,
    weights: { c: [8], w2: [8, 3] },
    constants: [...ZEROS, integers('w1', [12, 8])],
    body: `q, qs, qz = DynamicQuantizeLinear(x) m = MatMulInteger(q, w1, qz, i) f = Cast<to=1>(m) g = Mul(f, qs) h = Mul(g, t)
      a = Add(h, c) r = Relu(a) y = MatMul(r, w2)`,
    units: [8],
  },
  {
    title: 'ConvInteger',
    input: IMAGE,
    weights: { w2: [5, 8, 1, 1] },
    constants: [...ZEROS, integers('w1', [8, 3, 3, 3])],
    body: `q, qs, qz = DynamicQuantizeLinear(x) m = ConvInteger<pads=[1,1,1,1]>(q, w1, qz, i) f = Cast<to=1>(m) g = Mul(f, qs)
      h = Mul(g, t) r = Relu(h) y = Conv(r, w2)`,
    units: [8],
  },
  {
    title: 'DynamicQuantizeMatMul',
    input: TOKENS,
    weights: { c: [8], w2: [8, 3] },
    constants: [
      ...ZEROS,
      integers('w1', [12, 8]),
      positive('s1', 8),
      'int8[8] z1 = {0, 0, 0, 0, 0, 0, 0, 0}',
    ],
    body: `a = com.microsoft.DynamicQuantizeMatMul(x, w1, s1, z1, c) r = Relu(a) y = MatMul(r, w2)`,
    units: [8],
  },
  {
    title: 'QGemm',
    input: 'float[B,12] x',
    weights: {},
    constants: [
      ...ZEROS,
      integers('w1', [8, 12]),
      integers('b1', [8], 'int32'),
      integers('w2', [3, 8]),
      integers('b2', [3], 'int32'),
    ],
    body: `q = QuantizeLinear(x, s, z) a = com.microsoft.QGemm<transB=1>(q, s, z, w1, t, i, b1, s, z)
      b = com.microsoft.QGemm<transB=1>(a, s, z, w2, t, i, b2, s, z) y = DequantizeLinear(b, s, z)`,
    units: [8],
  },
  {
    title: 'QLinearAdd of a residual connection',
    input: TOKENS,
    weights: {},
    constants: [...ZEROS, integers('w1', [12, 8]), integers('w2', [8, 8]), integers('w3', [8, 3])],
    body: `q = QuantizeLinear(x, s, z) a = QLinearMatMul(q, s, z, w1, t, i, s, z) b = QLinearMatMul(a, s, z, w2, t, i, s, z)
      r = com.microsoft.QLinearAdd(a, s, z, b, s, z, s, z) c = QLinearMatMul(r, s, z, w3, t, i, s, z)
      y = DequantizeLinear(c, s, z)`,
    units: [8],
  },
  {
    title: 'MatMulNBits loses rows of its packed weight',
    input: 'float[B,5,32] x',
    weights: { w2: [8, 3] },
    constants: [bytes('w1', [8, 2, 8]), positive('s1', 16)],
    body: `a = com.microsoft.MatMulNBits<K=32, N=8, bits=4, block_size=16>(x, w1, s1) r = Relu(a) y = MatMul(r, w2)`,
    units: [8],
  },
  {
    title: 'FusedMatMul with a transposed operand',
    input: TOKENS,
    weights: { w1: [8, 12], w2: [8, 3] },
    body: `a = com.microsoft.FusedMatMul<transB=1, alpha=0.5>(x, w1) r = Relu(a) y = MatMul(r, w2)`,
    units: [8],
  },
  {
    title: 'FusedConv and FusedGemm',
    input: IMAGE,
    weights: { w1: [8, 3, 1, 1], b1: [8], w2: [6, 8], b2: [6], w3: [6, 3] },
    body: `a = com.microsoft.FusedConv<activation="Relu">(x, w1, b1) p = GlobalAveragePool(a) f = Flatten(p)
      g = com.microsoft.FusedGemm<transB=1, activation="Relu">(f, w2, b2) y = MatMul(g, w3)`,
    units: [8, 6],
  },
  {
    title: 'Attention of opset 23 with four axes',
    input: TOKENS,
    weights: QKV,
    constants: SHAPES,
    body: `${HEADS} o = Attention(qh, kh, vh) ${JOINED}`,
    opset: 23,
    units: [4, 4, 2],
  },
  {
    title: 'Attention of opset 23 with three axes and grouped queries',
    input: TOKENS,
    weights: { wq: [12, 8], wk: [12, 4], wv: [12, 4], wo: [8, 3] },
    body: `${PROJECTED} o = Attention<q_num_heads=4, kv_num_heads=2>(q, k, v) y = MatMul(o, wo)`,
    opset: 23,
    units: [2, 2, 2, 2],
  },
  {
    title: 'RotaryEmbedding of opset 23',
    input: TOKENS,
    weights: { ...QKV, co: [8, 2], si: [8, 2] },
    constants: [
      ...SHAPES,
      'int64[1,5] order = {0,1,2,3,4}',
      'int64[1] zero = {0}',
      'int64[1] one = {1}',
    ],
    body: `${HEADS} sh = Shape<start=0, end=1>(x) fl = Concat<axis=0>(sh, one) id = Expand(order, fl)
      qe = RotaryEmbedding(qh, co, si, id) ke = RotaryEmbedding(kh, co, si, id) o = Attention(qe, ke, vh) ${JOINED}`,
    opset: 23,
    units: [4, 2, 2],
  },
  {
    title: 'MultiHeadAttention',
    input: TOKENS,
    weights: QKV,
    body: `${PROJECTED} o = com.microsoft.MultiHeadAttention<num_heads=2>(q, k, v) y = MatMul(o, wo)`,
    units: [4, 4, 2],
  },
  {
    title: 'Attention with one weight loses whole heads',
    input: TOKENS,
    weights: { w: [12, 24], b: [24], wo: [8, 3] },
    body: `o = com.microsoft.Attention<num_heads=2>(x, w, b) y = MatMul(o, wo)`,
    units: [2],
  },
]

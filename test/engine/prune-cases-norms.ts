// Graphs whose axes are normalised or summed over: with the statistics of what is left where these axes may go.

import type { PruneCase } from '#test/support/prune-case'

const TOKENS = 'float[B,5,12] x'
const IMAGE = 'float[B,3,6,6] x'

const STREAM = { w0: [12, 8], s: [8], b: [8], w1: [8, 6], w2: [6, 8], w3: [8, 4] }

const BLOCK = (norm: string) =>
  `a = MatMul(x, w0) ${norm} f = MatMul(n, w1) g = Relu(f) h = MatMul(g, w2) r = Add(a, h) y = MatMul(r, w3)`

const LAYER_NORM = BLOCK('n = LayerNormalization<axis=-1>(a, s, b)')

const HALF = ['int64[1] last = {-1}', 'float e = {0.001}', 'float two = {2.0}']

export const NORM_CASES: readonly PruneCase[] = [
  {
    title: 'a residual stream under LayerNormalization stays whole',
    input: TOKENS,
    weights: STREAM,
    body: LAYER_NORM,
    units: [6],
  },
  {
    title: 'a residual stream under LayerNormalization',
    input: TOKENS,
    weights: STREAM,
    body: LAYER_NORM,
    normalized: 'taken',
    units: [8, 6],
  },
  {
    title: 'LayerNormalization without a bias',
    input: TOKENS,
    weights: { w0: [12, 8], s: [8], w1: [8, 6], w2: [6, 8], w3: [8, 4] },
    body: BLOCK('n = LayerNormalization<axis=-1>(a, s)'),
    normalized: 'taken',
    units: [8, 6],
  },
  {
    title: 'LayerNormalization written out',
    input: TOKENS,
    weights: STREAM,
    constants: HALF,
    body: BLOCK(`m = ReduceMean<axes=[-1]>(a) d = Sub(a, m) q = Pow(d, two) v = ReduceMean<axes=[-1]>(q) ve = Add(v, e)
      sd = Sqrt(ve) z = Div(d, sd) zs = Mul(z, s) n = Add(zs, b)`),
    normalized: 'taken',
    units: [8, 6],
  },
  {
    title: 'RMSNorm written out',
    input: TOKENS,
    weights: STREAM,
    constants: HALF,
    body: BLOCK(`q = Pow(a, two) v = ReduceMean<axes=[-1]>(q) ve = Add(v, e) sd = Sqrt(ve) rs = Reciprocal(sd)
      z = Mul(a, rs) n = Mul(z, s)`),
    normalized: 'taken',
    units: [8, 6],
  },
  {
    title: 'RMSNormalization of opset 23',
    input: TOKENS,
    weights: STREAM,
    body: BLOCK('n = RMSNormalization<axis=-1>(a, s)'),
    opset: 23,
    normalized: 'taken',
    units: [8, 6],
  },
  {
    title: 'LayerNormalization over channels last',
    input: IMAGE,
    weights: {
      w1: [8, 3, 3, 3],
      s: [8],
      b: [8],
      w2: [8, 16],
      c2: [16],
      w3: [16, 8],
      g: [8, 1, 1],
      w4: [5, 8, 1, 1],
    },
    body: `a = Conv<pads=[1,1,1,1]>(x, w1) t = Transpose<perm=[0,2,3,1]>(a) n = LayerNormalization(t, s, b)
      u = MatMul(n, w2) v = Add(u, c2) e = Erf(v) w = MatMul(e, w3) p = Transpose<perm=[0,3,1,2]>(w) q = Mul(p, g)
      r = Add(a, q) y = Conv(r, w4)`,
    normalized: 'taken',
    units: [16, 8],
  },
  {
    title: 'GroupNormalization: groups and places within them',
    input: IMAGE,
    weights: { w1: [12, 3, 1, 1], s: [12], b: [12], w2: [5, 12, 1, 1] },
    body: `a = Conv(x, w1) n = GroupNormalization<num_groups=4>(a, s, b) y = Conv(n, w2)`,
    opset: 21,
    normalized: 'taken',
    units: [4, 3],
  },
  {
    title: 'GroupNormalization with one group by InstanceNormalization',
    input: IMAGE,
    weights: { w1: [12, 3, 1, 1], s: [1], b: [1], g: [12, 1, 1], c: [12, 1, 1], w2: [5, 12, 1, 1] },
    constants: ['int64[3] grouped = {0, 1, -1}', 'int64[4] whole = {0, 12, 6, 6}'],
    body: `a = Conv(x, w1) r = Reshape(a, grouped) n = InstanceNormalization(r, s, b) u = Reshape(n, whole)
      v = Mul(u, g) w = Add(v, c) y = Conv(w, w2)`,
    normalized: 'taken',
    units: [12],
  },
  {
    title: 'attention and feed-forward under LayerNormalization',
    input: TOKENS,
    weights: {
      we: [12, 8],
      s1: [8],
      b1: [8],
      wq: [8, 12],
      wk: [8, 12],
      wv: [8, 12],
      wo: [12, 8],
      s2: [8],
      b2: [8],
      w1: [8, 10],
      w2: [10, 8],
      wh: [8, 3],
    },
    constants: ['int64[4] heads = {0, 0, 3, 4}', 'int64[3] flat = {0, 0, 12}'],
    body: `a = MatMul(x, we) n = LayerNormalization(a, s1, b1) q = MatMul(n, wq) k = MatMul(n, wk) v = MatMul(n, wv)
      qh = Reshape(q, heads) kh = Reshape(k, heads) vh = Reshape(v, heads) qt = Transpose<perm=[0,2,1,3]>(qh)
      kt = Transpose<perm=[0,2,3,1]>(kh) vt = Transpose<perm=[0,2,1,3]>(vh) at = MatMul(qt, kt) p = Softmax(at)
      o = MatMul(p, vt) ot = Transpose<perm=[0,2,1,3]>(o) of = Reshape(ot, flat) u = MatMul(of, wo) r = Add(a, u)
      m = LayerNormalization(r, s2, b2) f = MatMul(m, w1) g = Relu(f) h = MatMul(g, w2) t = Add(r, h) y = MatMul(t, wh)`,
    normalized: 'taken',
    units: [10, 8, 4, 4, 3],
  },
  {
    title: 'an LSTM under LayerNormalization',
    input: 'float[5,B,6] x',
    weights: { w: [1, 32, 6], r: [1, 32, 8], b: [1, 64], s: [8], c: [8], w2: [8, 3] },
    constants: ['int64[1] dir = {1}'],
    body: `h = LSTM<hidden_size=8>(x, w, r, b) f = Squeeze(h, dir) n = LayerNormalization(f, s, c) y = MatMul(n, w2)`,
    normalized: 'taken',
    units: [8],
  },
  {
    title: 'a sum over channels is a contraction',
    input: TOKENS,
    weights: { w0: [12, 8], w1: [12, 8], w2: [8] },
    constants: ['int64[1] last = {-1}'],
    body: `a = MatMul(x, w0) b = MatMul(x, w1) c = Mul(a, b) d = Mul(c, w2) y = ReduceSum(d, last)`,
    units: [8],
  },
  {
    title: 'a sum of squares over channels',
    input: TOKENS,
    weights: { w0: [12, 8], w1: [8, 3] },
    body: `a = MatMul(x, w0) n = ReduceL2<axes=[-1]>(a) z = Div(a, n) y = MatMul(z, w1)`,
    units: [8],
  },
  {
    title: 'LpNormalization over channels',
    input: TOKENS,
    weights: { w0: [12, 8], w1: [8, 3] },
    body: `a = MatMul(x, w0) z = LpNormalization<axis=-1, p=2>(a) y = MatMul(z, w1)`,
    units: [8],
  },
  {
    title: 'a mean over channels that belongs to no normalisation',
    input: IMAGE,
    weights: { w1: [8, 3, 1, 1], w2: [5, 8, 1, 1] },
    body: `a = Conv(x, w1) m = ReduceMean<axes=[1]>(a) g = Sigmoid(m) s = Mul(a, g) y = Conv(s, w2)`,
    normalized: 'taken',
    units: [],
  },
]

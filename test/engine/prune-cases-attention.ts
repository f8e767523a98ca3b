// Graphs of matrix products to prune: feed-forward, attention in its forms, recurrent layers, shape arithmetic.

import type { PruneCase } from '#test/support/prune-case'

/** Tokens of width 12. */
const TOKENS = 'float[B,5,12] x'

const SPLIT_HEADS = 'int64[4] heads = {0, 0, 3, 4}'
const JOIN_HEADS = 'int64[3] joined = {0, 0, 12}'

const SCORES = `kt = Transpose<perm=[0,1,3,2]>(k) s = MatMul(q, kt) sc = Mul(s, half)
  p = Softmax<axis=-1>(sc) o = MatMul(p, v) ot = Transpose<perm=[0,2,1,3]>(o)
  oj = Reshape(ot, joined) y = MatMul(oj, wo)`

const HALF = 'float half = {0.5}'

export const ATTENTION_CASES: readonly PruneCase[] = [
  {
    title: 'a feed-forward block with a residual stream under LayerNormalization',
    input: TOKENS,
    weights: { s: [12], b: [12], w1: [12, 20], b1: [20], w2: [20, 12] },
    body: `n = LayerNormalization(x, s, b) h = MatMul(n, w1) i = Add(h, b1) r = Relu(i)
      o = MatMul(r, w2) y = Add(o, x)`,
    units: [20],
  },
  {
    title: 'a gated feed-forward block',
    input: TOKENS,
    weights: { w1: [12, 40], w2: [20, 12] },
    constants: ['int64[2] sizes = {20, 20}'],
    body: `h = MatMul(x, w1) a, b = Split<axis=-1>(h, sizes) g = Sigmoid(a) u = Mul(g, b) y = MatMul(u, w2)`,
    units: [20],
  },
  {
    title: 'attention with three projections',
    input: TOKENS,
    weights: { wq: [12, 12], wk: [12, 12], wv: [12, 12], bv: [12], wo: [12, 6] },
    constants: [SPLIT_HEADS, JOIN_HEADS, HALF],
    body: `q0 = MatMul(x, wq) k0 = MatMul(x, wk) vm = MatMul(x, wv) v0 = Add(vm, bv)
      q1 = Reshape(q0, heads) k1 = Reshape(k0, heads) v1 = Reshape(v0, heads)
      q = Transpose<perm=[0,2,1,3]>(q1) k = Transpose<perm=[0,2,1,3]>(k1) v = Transpose<perm=[0,2,1,3]>(v1)
      ${SCORES}`,
    units: [4, 4, 3],
  },
  {
    title: 'attention with one packed projection',
    input: TOKENS,
    weights: { w: [12, 36], b: [36], wo: [12, 6] },
    constants: [
      'int64[5] packed = {0, 0, 3, 3, 4}',
      JOIN_HEADS,
      HALF,
      'int64 i0 = {0}',
      'int64 i1 = {1}',
      'int64 i2 = {2}',
    ],
    body: `m = MatMul(x, w) a = Add(m, b) r = Reshape(a, packed) t = Transpose<perm=[2,0,3,1,4]>(r)
      q = Gather<axis=0>(t, i0) k = Gather<axis=0>(t, i1) v = Gather<axis=0>(t, i2) ${SCORES}`,
    units: [4, 3],
  },
  {
    title: 'attention with a packed projection taken apart by Split',
    input: TOKENS,
    weights: { w: [12, 36], wo: [12, 6] },
    constants: ['int64[3] sizes = {12, 12, 12}', SPLIT_HEADS, JOIN_HEADS, HALF],
    body: `m = MatMul(x, w) q0, k0, v0 = Split<axis=2>(m, sizes)
      q1 = Reshape(q0, heads) k1 = Reshape(k0, heads) v1 = Reshape(v0, heads)
      q = Transpose<perm=[0,2,1,3]>(q1) k = Transpose<perm=[0,2,1,3]>(k1) v = Transpose<perm=[0,2,1,3]>(v1)
      ${SCORES}`,
    units: [4, 4, 3],
  },
  {
    title: 'grouped-query attention: two key heads for four query heads',
    input: TOKENS,
    weights: { wq: [12, 16], wk: [12, 8], wv: [12, 8], wo: [16, 6] },
    constants: [
      'int64[4] qh = {0, 0, 4, 4}',
      'int64[4] kh = {0, 0, 2, 4}',
      'int64[1] two = {2}',
      'int64[5] many = {1, 1, 2, 1, 1}',
      'int64[4] flat = {0, 4, 5, 4}',
      'int64[3] joined = {0, 0, 16}',
      HALF,
    ],
    body: `q0 = MatMul(x, wq) k0 = MatMul(x, wk) v0 = MatMul(x, wv)
      q1 = Reshape(q0, qh) k1 = Reshape(k0, kh) v1 = Reshape(v0, kh)
      q = Transpose<perm=[0,2,1,3]>(q1) k2 = Transpose<perm=[0,2,1,3]>(k1) v2 = Transpose<perm=[0,2,1,3]>(v1)
      k3 = Unsqueeze(k2, two) v3 = Unsqueeze(v2, two) k4 = Expand(k3, many) v4 = Expand(v3, many)
      k = Reshape(k4, flat) v = Reshape(v4, flat) ${SCORES}`,
    units: [4, 4, 2, 2],
  },
  {
    title: 'heads repeated by an Expand whose sizes are computed, ones among them',
    input: 'float[B,T,12] x',
    weights: { wq: [12, 16], wk: [12, 8], wv: [12, 8], wo: [16, 6] },
    constants: [
      'int64[4] qh = {0, 0, 4, 4}',
      'int64[4] kh = {0, 0, 2, 4}',
      'int64[1] two = {2}',
      'int64[1] one = {1}',
      'int64[1] four = {4}',
      'int64[3] joined = {0, 0, 16}',
      HALF,
    ],
    body: `b = Shape<start=0, end=1>(x) t = Shape<start=1, end=2>(x)
      many = Concat<axis=0>(b, one, two, one, four) flat = Concat<axis=0>(b, four, t, four)
      q0 = MatMul(x, wq) k0 = MatMul(x, wk) v0 = MatMul(x, wv)
      q1 = Reshape(q0, qh) k1 = Reshape(k0, kh) v1 = Reshape(v0, kh)
      q = Transpose<perm=[0,2,1,3]>(q1) k2 = Transpose<perm=[0,2,1,3]>(k1) v2 = Transpose<perm=[0,2,1,3]>(v1)
      k3 = Unsqueeze(k2, two) v3 = Unsqueeze(v2, two) k4 = Expand(k3, many) v4 = Expand(v3, many)
      k = Reshape(k4, flat) v = Reshape(v4, flat) ${SCORES}`,
    units: [4, 4, 2, 2],
  },
  {
    title: 'heads folded into the batch, sizes computed while running',
    input: 'float[B,T,12] x',
    weights: { wq: [12, 12], wk: [12, 12], wv: [12, 12], wo: [12, 6] },
    constants: [
      'int64 i0 = {0}',
      'int64 i1 = {1}',
      'int64 i2 = {2}',
      'int64[1] ax = {0}',
      'int64[1] three = {3}',
      'int64[1] four = {4}',
      'int64[1] twelve = {12}',
      'int64 hn = {3}',
    ],
    body: `sh = Shape(x) b = Gather(sh, i0) t = Gather(sh, i1) b1 = Unsqueeze(b, ax) t1 = Unsqueeze(t, ax)
      bh = Mul(b, hn) bh1 = Unsqueeze(bh, ax)
      apart = Concat<axis=0>(b1, t1, three, four) folded = Concat<axis=0>(bh1, t1, four)
      back = Concat<axis=0>(b1, three, t1, four) joined = Concat<axis=0>(b1, t1, twelve)
      q0 = MatMul(x, wq) k0 = MatMul(x, wk) v0 = MatMul(x, wv)
      q1 = Reshape(q0, apart) k1 = Reshape(k0, apart) v1 = Reshape(v0, apart)
      q2 = Transpose<perm=[0,2,1,3]>(q1) k2 = Transpose<perm=[0,2,1,3]>(k1) v2 = Transpose<perm=[0,2,1,3]>(v1)
      q = Reshape(q2, folded) k = Reshape(k2, folded) v = Reshape(v2, folded)
      kt = Transpose<perm=[0,2,1]>(k) s = MatMul(q, kt)
      qs = Shape(q) d = Gather(qs, i2) df = Cast<to=1>(d) root = Sqrt(df) sc = Div(s, root)
      p = Softmax<axis=-1>(sc) o = MatMul(p, v) o1 = Reshape(o, back)
      ot = Transpose<perm=[0,2,1,3]>(o1) oj = Reshape(ot, joined) y = MatMul(oj, wo)`,
    units: [4, 4, 3],
  },
  {
    title: 'attention by Einsum',
    input: TOKENS,
    weights: { wq: [12, 3, 4], wk: [12, 3, 4], wv: [12, 3, 4], wo: [3, 4, 6] },
    constants: [HALF],
    body: `q = Einsum<equation="btc,chd->bthd">(x, wq) k = Einsum<equation="btc,chd->bthd">(x, wk)
      v = Einsum<equation="btc,chd->bthd">(x, wv) s = Einsum<equation="bthd,bshd->bhts">(q, k)
      sc = Mul(s, half) p = Softmax<axis=-1>(sc) o = Einsum<equation="bhts,bshd->bthd">(p, v)
      y = Einsum<equation="bthd,hdo->bto">(o, wo)`,
    units: [4, 4, 3],
  },
  {
    title: 'a bidirectional LSTM',
    input: 'float[5,B,6] x',
    weights: { w: [2, 32, 6], r: [2, 32, 8], b: [2, 64], w2: [16, 4] },
    constants: ['int64[3] joined = {0, 0, 16}'],
    body: `h = LSTM<hidden_size=8, direction="bidirectional">(x, w, r, b) t = Transpose<perm=[0,2,1,3]>(h)
      f = Reshape(t, joined) y = MatMul(f, w2)`,
    units: [8],
  },
  {
    title: 'a GRU behind a projection',
    input: 'float[5,B,6] x',
    weights: { w0: [6, 10], w: [1, 24, 10], r: [1, 24, 8], b: [1, 48], w2: [8, 4] },
    constants: ['int64[1] dir = {1}'],
    body: `p = MatMul(x, w0) h = GRU<hidden_size=8>(p, w, r, b) f = Squeeze(h, dir) y = MatMul(f, w2)`,
    units: [10, 8],
  },
  {
    title: 'GroupNormalization by InstanceNormalization',
    input: 'float[B,3,6,6] x',
    weights: { w1: [12, 3, 1, 1], s: [4], b: [4], g: [12, 1, 1], w2: [5, 12, 1, 1] },
    constants: ['int64[3] grouped = {0, 4, -1}', 'int64[4] whole = {0, 12, 6, 6}'],
    body: `a = Conv(x, w1) r = Reshape(a, grouped) n = InstanceNormalization(r, s, b) u = Reshape(n, whole)
      v = Mul(u, g) y = Conv(v, w2)`,
    units: [4],
  },
  {
    title: 'GroupNormalization of opset 21',
    input: 'float[B,3,6,6] x',
    weights: { w1: [12, 3, 1, 1], s: [12], b: [12], w2: [5, 12, 1, 1] },
    body: `a = Conv(x, w1) n = GroupNormalization<num_groups=4>(a, s, b) y = Conv(n, w2)`,
    opset: 21,
    units: [4],
  },
  {
    title: 'rotary positions: halves swapped and negated',
    input: TOKENS,
    weights: { wq: [12, 8], wk: [12, 8], co: [5, 8], si: [5, 8], wv: [12, 6], wo: [6, 3] },
    constants: [
      'int64[1] z = {0}',
      'int64[1] four = {4}',
      'int64[1] end = {9223372036854775807}',
      'int64[1] last = {-1}',
    ],
    body: `q0 = MatMul(x, wq) k0 = MatMul(x, wk) v = MatMul(x, wv)
      qa = Slice(q0, z, four, last) qb = Slice(q0, four, end, last) qn = Neg(qb) qr = Concat<axis=-1>(qn, qa)
      q1 = Mul(q0, co) q2 = Mul(qr, si) q = Add(q1, q2)
      ka = Slice(k0, z, four, last) kb = Slice(k0, four, end, last) kn = Neg(kb) kr = Concat<axis=-1>(kn, ka)
      k1 = Mul(k0, co) k2 = Mul(kr, si) k = Add(k1, k2)
      kt = Transpose<perm=[0,2,1]>(k) s = MatMul(q, kt) p = Softmax<axis=-1>(s) o = MatMul(p, v)
      y = MatMul(o, wo)`,
    units: [6, 4],
  },
  {
    title: 'Einsum with an ellipsis, once with its result left out',
    input: TOKENS,
    weights: { w1: [12, 20], w2: [20, 6] },
    body: `h = Einsum<equation="...c,cd->...d">(x, w1) r = Relu(h) y = Einsum<equation="...d,de">(r, w2)`,
    units: [20],
  },
  {
    title: 'the sum under a norm and the bias under an activation, each as one operator',
    input: TOKENS,
    weights: { w1: [12, 20], b1: [20], w2: [20, 12], s: [12], b: [12], w3: [12, 4] },
    body: `h = MatMul(x, w1) r = com.microsoft.BiasGelu(h, b1) o = MatMul(r, w2)
      n = com.microsoft.SkipLayerNormalization(o, x, s, b) y = MatMul(n, w3)`,
    units: [20],
  },
]

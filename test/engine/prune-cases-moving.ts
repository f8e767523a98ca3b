// Graphs that decide, move and resize: what is behind stays followed.

import type { PruneCase } from '#test/support/prune-case'

const IMAGE = 'float[B,3,6,6] x'
const TOKENS = 'float[B,5,12] x'

export const MOVING_CASES: readonly PruneCase[] = [
  {
    title: 'a branch that a constant decides',
    input: IMAGE,
    weights: { w1: [8, 3, 1, 1], w2: [5, 8, 1, 1] },
    constants: ['bool yes = {1}'],
    body: `a = Conv(x, w1) b = If(yes) <
        then_branch = g1 () => (float[B,8,6,6] p) { p = Relu(a) },
        else_branch = g2 () => (float[B,8,6,6] q) { q = Neg(a) }>
      y = Conv(b, w2)`,
    units: [8],
  },
  {
    title: 'a branch that a declared size decides, with a weight of its own',
    input: IMAGE,
    weights: { w1: [8, 3, 1, 1], w2: [5, 8, 1, 1] },
    constants: ['int64[1] eight = {8}', 'int64[0] scalar = {}'],
    body: `a = Conv(x, w1) s = Shape<start=1, end=2>(a) e = Equal(s, eight) c = Reshape(e, scalar) b = If(c) <
        then_branch = g1 () => (float[B,8,6,6] p) <float[8,8,1,1] w = random(3, 0.3)> { p = Conv(a, w) },
        else_branch = g2 () => (float[B,8,6,6] q) { q = Neg(a) }>
      y = Conv(b, w2)`,
    units: [8, 8],
  },
  {
    title: 'a branch that the input decides stays whole with what it reads',
    input: IMAGE,
    weights: { w0: [6, 3, 1, 1], w1: [8, 6, 1, 1], w2: [5, 8, 1, 1] },
    constants: ['float zero = {0.0}', 'int64[4] all = {0, 1, 2, 3}'],
    body: `i = Conv(x, w0) a = Conv(i, w1) s = ReduceSum<keepdims=0>(x, all) c = Greater(s, zero) b = If(c) <
        then_branch = g1 () => (float[B,8,6,6] p) { p = Relu(a) },
        else_branch = g2 () => (float[B,8,6,6] q) { q = Neg(a) }>
      y = Conv(b, w2)`,
    units: [6],
  },
  {
    title: 'PixelShuffle: blocks go with their channel',
    input: IMAGE,
    weights: { w1: [16, 3, 3, 3], w2: [5, 4, 1, 1] },
    body: `a = Conv<pads=[1,1,1,1]>(x, w1) b = DepthToSpace<blocksize=2, mode="CRD">(a) r = Relu(b) y = Conv(r, w2)`,
    units: [4],
  },
  {
    title: 'gated convolutions with skips',
    input: 'float[B,3,9] x',
    weights: { w0: [8, 3, 1], w1: [12, 8, 3], w2: [16, 6, 1], w3: [5, 8, 1] },
    constants: ['int64[2] halves = {6, 6}', 'int64[2] eights = {8, 8}'],
    body: `a = Conv(x, w0) g = Conv<pads=[2,2], dilations=[2]>(a, w1) u, v = Split<axis=1>(g, halves) t = Tanh(u) s = Sigmoid(v)
      z = Mul(t, s) r = Conv(z, w2) e, k = Split<axis=1>(r, eights) n = Add(a, e) m = Add(n, k) y = Conv(m, w3)`,
    units: [8, 6],
  },
  {
    title: 'windows of a picture',
    input: 'float[B,4,4,6] x',
    weights: { w0: [6, 8], wq: [8, 8], wk: [8, 8], wv: [8, 8], wo: [8, 8], w1: [8, 3] },
    constants: [
      'int64[6] cut = {-1, 2, 2, 2, 2, 8}',
      'int64[3] window = {-1, 4, 8}',
      'int64[6] apart = {-1, 2, 2, 2, 2, 8}',
      'int64[4] whole = {-1, 4, 4, 8}',
    ],
    body: `a = MatMul(x, w0) c = Reshape(a, cut) t = Transpose<perm=[0,1,3,2,4,5]>(c) w = Reshape(t, window)
      q = MatMul(w, wq) k = MatMul(w, wk) v = MatMul(w, wv) kt = Transpose<perm=[0,2,1]>(k) s = MatMul(q, kt) p = Softmax(s)
      o = MatMul(p, v) u = MatMul(o, wo) d = Reshape(u, apart) b = Transpose<perm=[0,1,3,2,4,5]>(d) e = Reshape(b, whole)
      r = Add(a, e) y = MatMul(r, w1)`,
    units: [8, 8, 8],
  },
  {
    title: 'padded channels of a shortcut, as in the first residual networks',
    input: IMAGE,
    weights: { w1: [4, 3, 1, 1], w2: [8, 4, 3, 3], w3: [5, 8, 1, 1] },
    constants: ['int64[8] pads = {0, 2, 0, 0, 0, 2, 0, 0}', 'float zero = {0.0}'],
    body: `a = Conv(x, w1) b = Conv<pads=[1,1,1,1]>(a, w2) c = Pad(a, pads, zero) d = Add(b, c) y = Conv(d, w3)`,
    units: [4, 2, 2],
  },
  {
    title: 'sizes doubled and joined, as in a U-Net',
    input: 'float[B,3,8,8] x',
    weights: { w1: [6, 3, 3, 3], w2: [8, 6, 3, 3], w3: [8, 5, 2, 2], w4: [4, 11, 1, 1] },
    body: `a = Conv<pads=[1,1,1,1]>(x, w1) p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(a) b = Conv<pads=[1,1,1,1]>(p, w2)
      r = Relu(b) u = ConvTranspose<strides=[2,2]>(r, w3) c = Concat<axis=1>(u, a) y = Conv(c, w4)`,
    units: [8, 6, 5],
  },
  {
    title: 'a sum over three Einsum operands of attention',
    input: TOKENS,
    weights: { wq: [12, 2, 4], wk: [12, 2, 4], wv: [12, 2, 4], wo: [2, 4, 3] },
    body: `q = Einsum<equation="bsc,chd->bshd">(x, wq) k = Einsum<equation="bsc,chd->bshd">(x, wk)
      v = Einsum<equation="bsc,chd->bshd">(x, wv) s = Einsum<equation="bqhd,bkhd->bhqk">(q, k) p = Softmax(s)
      o = Einsum<equation="bhqk,bkhd->bqhd">(p, v) y = Einsum<equation="bshd,hdo->bso">(o, wo)`,
    units: [4, 4, 2],
  },
  {
    title: 'a graph convolution by a constant adjacency',
    input: 'float[B,7,6] x',
    weights: { adj: [7, 7], w1: [6, 8], w2: [8, 8], w3: [8, 3] },
    body: `a = MatMul(x, w1) b = MatMul(adj, a) c = Relu(b) d = MatMul(c, w2) e = MatMul(adj, d) f = Relu(e) g = Add(c, f)
      y = MatMul(g, w3)`,
    units: [8],
  },
]

// Small networks of the kinds that are trained, each with a loss of its own.

import type { NetworkCase } from '#test/support/network-gradient-check'

const LOSS = 'loss = SoftmaxCrossEntropyLoss<reduction="mean">(logits, t)'
const MSE = 's = Mul(out, out) loss = ReduceMean<keepdims=0>(s)'

export const NETWORK_CASES: readonly NetworkCase[] = [
  {
    title: 'convolution, BatchNormalization in training, ReLU, max pooling, Gemm',
    sizes: { n: 4 },
    below: 3,
    graph: `g (float[n,2,8,8] x, int64[n] t) => (float loss)
      <float[4,2,3,3] w1 = random(1, 0.5), float[4] s = random(3, 1.0), float[4] b = random(4, 0.3),
       float[4] mean = random(5, 0.1), float[4] var = {1.0, 1.1, 0.9, 1.2}, float[3,64] w2 = random(6, 0.3), float[3] b2 = random(7, 0.1)>
      { c = Conv<pads=[1,1,1,1]>(x, w1)
        n1, rm, rv = BatchNormalization<training_mode=1, momentum=0.0>(c, s, b, mean, var)
        r = Softplus(n1)
        p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(r)
        f = Flatten(p)
        logits = Gemm<transB=1>(f, w2, b2)
        ${LOSS} }`,
  },
  {
    title: 'residual block with a strided shortcut, inference BatchNormalization, global pooling',
    sizes: { n: 3 },
    below: 3,
    graph: `g (float[n,4,9,9] x, int64[n] t) => (float loss)
      <float[6,4,3,3] w1 = random(1, 0.3), float[6,6,3,3] w2 = random(2, 0.3), float[6,4,1,1] w3 = random(3, 0.5),
       float[6] s = random(4, 1.0), float[6] b = random(5, 0.3), float[6] mean = random(6, 0.1), float[6] var = {1.0, 1.1, 0.9, 1.2, 0.8, 1.0},
       float[6,3] w4 = random(7, 0.8), float[3] b4 = random(8, 0.1)>
      { c1 = Conv<pads=[1,1,1,1], strides=[2,2]>(x, w1)
        n1 = BatchNormalization(c1, s, b, mean, var)
        a1 = Tanh(n1)
        c2 = Conv<pads=[1,1,1,1]>(a1, w2)
        short = Conv<strides=[2,2]>(x, w3)
        sum = Add(c2, short)
        a2 = Softplus(sum)
        p = GlobalAveragePool(a2)
        f = Flatten(p)
        m = MatMul(f, w4)
        logits = Add(m, b4)
        ${LOSS} }`,
  },
  {
    title: 'inverted bottleneck: pointwise, depthwise, squeeze and excite, HardSwish spelt out',
    sizes: { n: 2 },
    graph: `g (float[n,4,6,6] x) => (float loss)
      <float[8,4,1,1] w1 = random(1, 0.5), float[8] b1 = random(2, 0.2), float[8,1,3,3] w2 = random(3, 0.4), float[8] b2 = random(4, 0.2),
       float[2,8,1,1] w3 = random(5, 0.6), float[8,2,1,1] w4 = random(6, 0.6), float[8] b4 = random(7, 0.3), float[4,8,1,1] w5 = random(8, 4.0),
       float three = {3.0}, float zero = {0.0}, float six = {6.0}>
      { e = Conv(x, w1, b1)
        e3 = Add(e, three) ec = Clip(e3, zero, six) em = Mul(e, ec) ea = Div(em, six)
        d = Conv<group=8, pads=[1,1,1,1], strides=[2,2]>(ea, w2, b2)
        da = HardSwish(d)
        p = GlobalAveragePool(da)
        q = Conv(p, w3)
        qa = Softplus(q)
        u = Conv(qa, w4, b4)
        gate = Sigmoid(u)
        g = Mul(da, gate)
        out = Conv(g, w5)
        ${MSE} }`,
  },
  {
    title: 'SiLU spelt out, Concat, Split, Resize, as detectors have them',
    sizes: { n: 2 },
    graph: `g (float[n,3,8,8] x) => (float loss)
      <float[8,3,3,3] w1 = random(1, 0.3), float[8] b1 = random(2, 0.1), float[4,4,3,3] w2 = random(3, 0.3), float[4] b2 = random(4, 0.1),
       float[5,12,1,1] w3 = random(5, 0.3), float[4] scales = {1.0, 1.0, 2.0, 2.0}, int64[2] halves = {4, 4}>
      { c = Conv<pads=[1,1,1,1], strides=[2,2]>(x, w1, b1)
        cs = Sigmoid(c) ca = Mul(c, cs)
        one, two = Split<axis=1>(ca, halves)
        d = Conv<pads=[1,1,1,1]>(two, w2, b2)
        ds = Sigmoid(d) da = Mul(d, ds)
        sum = Add(da, two)
        all = Concat<axis=1>(one, two, sum)
        up = Resize<mode="nearest">(all, "", scales)
        out = Conv(up, w3)
        ${MSE} }`,
  },
  {
    title:
      'transformer layer: embedding, spelt-out LayerNorm, attention with a mask, spelt-out GELU',
    sizes: { n: 2, t: 5 },
    below: 11,
    graph: `g (int64[n,t] ids) => (float loss)
      <float[11,8] table = random(1, 0.8), float[8] g1 = random(2, 1.0), float[8] b1 = random(3, 0.2),
       float[8,8] wq = random(4, 0.5), float[8,8] wk = random(5, 0.5), float[8,8] wv = random(6, 0.5), float[8,8] wo = random(7, 0.5), float[8] bo = random(8, 0.1),
       float[8,16] wi = random(9, 0.4), float[16] bi = random(10, 0.2), float[16,8] wf = random(11, 0.4), float[8] g2 = random(12, 1.0), float[8] b2 = random(13, 0.2),
       float two = {2.0}, float eps = {0.00001}, float root = {2.0}, float sqrt2 = {1.4142135}, float one = {1.0}, float half = {0.5},
       int64[1] last = {-1}, int64[4] heads = {0, 0, 2, 4}, int64[3] joined = {0, 0, 8}>
      { e = Gather(table, ids)
        mu = ReduceMean<keepdims=1>(e, last) cen = Sub(e, mu) sq = Pow(cen, two) va = ReduceMean<keepdims=1>(sq, last)
        ve = Add(va, eps) sd = Sqrt(ve) nm = Div(cen, sd) ng = Mul(nm, g1) ln = Add(ng, b1)
        q0 = MatMul(ln, wq) q1 = Reshape(q0, heads) q = Transpose<perm=[0,2,1,3]>(q1)
        k0 = MatMul(ln, wk) k1 = Reshape(k0, heads) k = Transpose<perm=[0,2,3,1]>(k1)
        v0 = MatMul(ln, wv) v1 = Reshape(v0, heads) v = Transpose<perm=[0,2,1,3]>(v1)
        s0 = MatMul(q, k) s1 = Div(s0, root)
        pr = Softmax<axis=-1>(s1)
        c0 = MatMul(pr, v) c1 = Transpose<perm=[0,2,1,3]>(c0) c2 = Reshape(c1, joined)
        o0 = MatMul(c2, wo) o1 = Add(o0, bo) r1 = Add(o1, e)
        h0 = MatMul(r1, wi) h1 = Add(h0, bi)
        d = Div(h1, sqrt2) er = Erf(d) e1 = Add(er, one) m = Mul(h1, e1) ge = Mul(m, half)
        f = MatMul(ge, wf) r2 = Add(f, r1)
        out = LayerNormalization<axis=-1>(r2, g2, b2)
        cub = Mul(out, r2)
        loss = ReduceMean<keepdims=0>(cub) }`,
  },
  {
    title: 'one weight read twice, a branch that is not trained, a value used by many',
    sizes: { n: 3 },
    graph: `g (float[n,4] x) => (float loss)
      <float[4,4] w = random(1, 0.7), float[4] b = random(2, 0.4)>
      { a = MatMul(x, w) c = Add(a, b) h = Tanh(c)
        a2 = MatMul(h, w) c2 = Add(a2, b) h2 = Sigmoid(c2)
        size = Shape(h2) cast = Cast<to=1>(size) spare = ReduceMean<keepdims=0>(cast)
        m = Mul(h, h2) out0 = Add(m, h) out = Mul(out0, spare)
        ${MSE} }`,
  },
  {
    title: 'two recurrent layers, one both ways, of an open number of steps',
    sizes: { n: 2, t: 4 },
    graph: `g (float[t,n,3] x) => (float loss)
      <float[2,9,3] w1 = random(1, 0.6), float[2,9,3] r1 = random(2, 0.6), float[2,18] b1 = random(3, 0.2),
       float[1,8,6] w2 = random(4, 0.6), float[1,8,2] r2 = random(5, 0.6), float[1,16] b2 = random(6, 0.2),
       float[2,2] wo = random(7, 0.7), int64[3] joined = {0, 0, 6}, int64[1] first = {0}>
      { y1 = GRU<hidden_size=3, direction="bidirectional">(x, w1, r1, b1)
        t1 = Transpose<perm=[0,2,1,3]>(y1) s1 = Reshape(t1, joined)
        "", h2 = LSTM<hidden_size=2>(s1, w2, r2, b2) h = Squeeze(h2, first)
        out = MatMul(h, wo) ${MSE} }`,
  },
]

// Convolutional graphs to prune.

import type { PruneCase } from '#test/support/prune-case'

const bn = (name: string, channels: number) => ({
  [`${name}_s`]: [channels],
  [`${name}_b`]: [channels],
  [`${name}_m`]: [channels],
  [`var_${name}`]: [channels],
})

const IMAGE = 'float[B,3,8,8] x'
const CONV3 = 'Conv<kernel_shape=[3,3], pads=[1,1,1,1]>'

export const CONV_CASES: readonly PruneCase[] = [
  {
    title: 'a chain of Conv, BatchNormalization, Relu',
    input: IMAGE,
    weights: { w1: [8, 3, 3, 3], ...bn('n1', 8), w2: [6, 8, 3, 3], b2: [6], w3: [4, 6, 1, 1] },
    body: `a = ${CONV3}(x, w1) n = BatchNormalization(a, n1_s, n1_b, n1_m, var_n1) r = Relu(n)
      c = ${CONV3}(r, w2, b2) d = Relu(c) y = Conv(d, w3)`,
    units: [8, 6],
  },
  {
    title: 'a residual connection',
    input: IMAGE,
    weights: { w1: [8, 3, 3, 3], w2: [6, 8, 3, 3], w3: [8, 6, 3, 3], w4: [4, 8, 1, 1] },
    body: `a = ${CONV3}(x, w1) b = Relu(a) c = ${CONV3}(b, w2) d = Relu(c) e = ${CONV3}(d, w3)
      f = Add(e, b) h = Relu(f) y = Conv(h, w4)`,
    units: [8, 6],
  },
  {
    title: 'a concatenation',
    input: IMAGE,
    weights: { w1: [4, 3, 1, 1], w2: [6, 3, 1, 1], s: [1, 10, 1, 1], w3: [5, 10, 1, 1] },
    body: `a = Conv(x, w1) b = Conv(x, w2) c = Concat<axis=1>(a, b) d = Mul(c, s) y = Conv(d, w3)`,
    units: [6, 4],
  },
  {
    title: 'a depthwise convolution',
    input: IMAGE,
    weights: { w1: [8, 3, 1, 1], w2: [8, 1, 3, 3], w3: [4, 8, 1, 1] },
    body: `a = Conv(x, w1) r = Relu(a) b = Conv<group=8, pads=[1,1,1,1]>(r, w2) y = Conv(b, w3)`,
    units: [8],
  },
  {
    title: 'a depthwise convolution with two outputs per channel',
    input: IMAGE,
    weights: { w1: [4, 3, 1, 1], w2: [8, 1, 3, 3], w3: [4, 8, 1, 1] },
    body: `a = Conv(x, w1) r = Relu(a) b = Conv<group=4, pads=[1,1,1,1]>(r, w2) y = Conv(b, w3)`,
    units: [4, 2],
  },
  {
    title: 'a grouped convolution',
    input: IMAGE,
    weights: { w1: [12, 3, 1, 1], w2: [8, 3, 3, 3], w3: [4, 8, 1, 1] },
    body: `a = Conv(x, w1) r = Relu(a) b = Conv<group=4, pads=[1,1,1,1]>(r, w2) y = Conv(b, w3)`,
    units: [4, 3, 2],
  },
  {
    title: 'grouped convolutions of different counts one after the other',
    input: IMAGE,
    weights: { w1: [24, 3, 1, 1], w2: [24, 6, 1, 1], w3: [24, 4, 1, 1], w4: [4, 24, 1, 1] },
    body: `a = Conv(x, w1) b = Conv<group=4>(a, w2) c = Conv<group=6>(b, w3) y = Conv(c, w4)`,
    units: [6, 4, 1, 1],
  },
  {
    title: 'a transposed convolution',
    input: IMAGE,
    weights: { w1: [8, 3, 1, 1], w2: [8, 6, 2, 2], b2: [6], w3: [4, 6, 1, 1] },
    body: `a = Conv(x, w1) b = ConvTranspose<strides=[2,2]>(a, w2, b2) y = Conv(b, w3)`,
    units: [8, 6],
  },
  {
    title: 'a grouped transposed convolution',
    input: IMAGE,
    weights: { w1: [8, 3, 1, 1], w2: [8, 3, 2, 2], w3: [4, 6, 1, 1] },
    body: `a = Conv(x, w1) b = ConvTranspose<strides=[2,2], group=2>(a, w2) y = Conv(b, w3)`,
    units: [4, 3, 2],
  },
  {
    title: 'squeeze and excite',
    input: IMAGE,
    weights: { w1: [8, 3, 3, 3], w2: [4, 8, 1, 1], w3: [8, 4, 1, 1], w4: [5, 8, 1, 1] },
    body: `a = ${CONV3}(x, w1) p = GlobalAveragePool(a) q = Conv(p, w2) r = Relu(q) s = Conv(r, w3)
      t = Sigmoid(s) u = Mul(a, t) y = Conv(u, w4)`,
    units: [8, 4],
  },
  {
    title: 'a Gemm head behind Flatten',
    input: IMAGE,
    weights: { w1: [8, 3, 3, 3], w2: [10, 512], b2: [10], w3: [10, 4], b3: [4] },
    body: `a = ${CONV3}(x, w1) r = Relu(a) f = Flatten(r) h = Gemm<transB=1>(f, w2, b2) i = Relu(h)
      y = Gemm(i, w3, b3)`,
    units: [10, 8],
  },
  {
    title: 'a channel shuffle between grouped convolutions',
    input: IMAGE,
    weights: { w1: [12, 3, 1, 1], w2: [12, 1, 3, 3], w3: [4, 12, 1, 1] },
    constants: ['int64[5] s1 = {0, 3, 4, 8, 8}', 'int64[4] s2 = {0, 12, 8, 8}'],
    body: `a = Conv(x, w1) r = Reshape(a, s1) t = Transpose<perm=[0,2,1,3,4]>(r) u = Reshape(t, s2)
      v = Relu(u) b = Conv<group=12, pads=[1,1,1,1]>(v, w2) y = Conv(b, w3)`,
    units: [12],
  },
  {
    title: 'halves that go separate ways and meet again',
    input: IMAGE,
    weights: { w1: [8, 3, 1, 1], w2: [4, 4, 3, 3], w3: [5, 12, 1, 1] },
    constants: ['int64[2] sizes = {4, 4}'],
    body: `a = Conv(x, w1) b, c = Split<axis=1>(a, sizes) d = ${CONV3}(c, w2) e = Relu(d)
      f = Concat<axis=1>(b, c, e) y = Conv(f, w3)`,
    units: [4, 4, 4],
  },
  {
    title: 'a Slice with a stride',
    input: IMAGE,
    weights: { w1: [8, 3, 1, 1], w2: [5, 4, 1, 1], w3: [5, 8, 1, 1] },
    constants: [
      'int64[1] from = {1}',
      'int64[1] to = {8}',
      'int64[1] ax = {1}',
      'int64[1] by = {2}',
    ],
    body: `a = Conv(x, w1) b = Slice(a, from, to, ax, by) c = Conv(b, w2) d = Conv(a, w3) y = Add(c, d)`,
    units: [4, 4],
  },
  {
    title: 'padding of channels (ResNet option A)',
    input: IMAGE,
    weights: { w1: [4, 3, 1, 1], w2: [8, 4, 1, 1], w3: [5, 8, 1, 1] },
    constants: ['int64[8] pads = {0, 2, 0, 0, 0, 2, 0, 0}'],
    body: `a = Conv(x, w1) p = Pad(a, pads) b = Conv(a, w2) c = Add(p, b) y = Conv(c, w3)`,
    units: [4, 2, 2],
  },
  {
    title: 'DepthToSpace in both orders',
    input: IMAGE,
    weights: { w1: [12, 3, 1, 1], w2: [12, 3, 1, 1], w3: [5, 3, 1, 1], w4: [5, 3, 1, 1] },
    body: `a = Conv(x, w1) b = DepthToSpace<blocksize=2, mode="DCR">(a) c = Conv(x, w2)
      d = DepthToSpace<blocksize=2, mode="CRD">(c) e = Conv(b, w3) f = Conv(d, w4) y = Add(e, f)`,
    units: [3, 3],
  },
  {
    title: 'Resize and pooling',
    input: IMAGE,
    weights: { w1: [8, 3, 1, 1], w2: [5, 16, 1, 1] },
    constants: ['float[4] sc = {1, 1, 2, 2}', 'float[0] roi = {}'],
    body: `a = Conv(x, w1) p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(a) u = Resize(p, roi, sc)
      c = Concat<axis=1>(u, a) y = Conv(c, w2)`,
    units: [8],
  },
  {
    title: 'channels last between transposes',
    input: 'float[B,8,8,3] x',
    weights: { w1: [8, 3, 1, 1], b: [8], w2: [4, 8, 1, 1] },
    body: `i = Transpose<perm=[0,3,1,2]>(x) a = Conv(i, w1) t = Transpose<perm=[0,2,3,1]>(a) s = Add(t, b)
      u = Transpose<perm=[0,3,1,2]>(s) y = Conv(u, w2)`,
    units: [8],
  },
  {
    title: 'a mean over the plane and MatMul',
    input: IMAGE,
    weights: { w1: [8, 3, 1, 1], w2: [8, 6], b2: [6], w3: [6, 3] },
    body: `a = Conv(x, w1) m = ReduceMean<axes=[2,3], keepdims=0>(a) h = MatMul(m, w2) i = Add(h, b2)
      r = Relu(i) y = MatMul(r, w3)`,
    units: [8, 6],
  },
]

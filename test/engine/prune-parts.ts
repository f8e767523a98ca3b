// Ways to make channels, and ways to move them.

export interface Part {
  readonly title: string
  readonly body: string
  readonly weights?: Readonly<Record<string, readonly number[]>>
  readonly constants?: readonly string[]
}

/** From x [B, 3, 8, 8] to a [B, 8, 8, 8]. */
export const MAKERS: readonly Part[] = [
  { title: 'Conv', body: 'a = Conv(x, w1, b1)', weights: { w1: [8, 3, 1, 1], b1: [8] } },
  {
    title: 'grouped Conv',
    body: 'a0 = Conv(x, w0) a = Conv<group=2>(a0, w1)',
    weights: { w0: [6, 3, 1, 1], w1: [8, 3, 1, 1] },
  },
  {
    title: 'depthwise Conv behind ConvTranspose',
    body: `a0 = ConvTranspose(x, w0) a1 = Relu(a0)
      a = Conv<group=8, kernel_shape=[3,3], pads=[1,1,1,1]>(a1, w1)`,
    weights: { w0: [3, 8, 1, 1], w1: [8, 1, 3, 3] },
  },
]

export interface Mover extends Part {
  /** Channels of m. */
  readonly channels: number
  /** Nothing may go between maker and reader. */
  readonly isFrozen?: boolean
  readonly opset?: number
}

const BN = { s: [8], b: [8], me: [8], var0: [8] }

/** From a to m [B, channels, …]. */
export const MOVERS: readonly Mover[] = [
  { title: 'PRelu', body: 'm = PRelu(a, sl)', weights: { sl: [8, 1, 1] }, channels: 8 },
  {
    title: 'BatchNormalization',
    body: 'm = BatchNormalization(a, s, b, me, var0)',
    weights: BN,
    channels: 8,
  },
  {
    title: 'Clip and HardSwish',
    body: 'c = Clip(a, lo, hi) m = HardSwish(c)',
    constants: ['float lo = {-1}', 'float hi = {1}'],
    channels: 8,
  },
  { title: 'Concat with itself', body: 'r = Relu(a) m = Concat<axis=1>(a, r)', channels: 16 },
  {
    title: 'Concat with the input',
    body: 'm = Concat<axis=1>(x, a)',
    channels: 11,
  },
  {
    title: 'uneven Split in another order',
    body: 'p, q, r = Split<axis=1>(a, sz) m = Concat<axis=1>(r, p, q)',
    constants: ['int64[3] sz = {3, 1, 4}'],
    channels: 8,
  },
  {
    title: 'halves that are multiplied',
    body: 'p, q = Split<axis=1>(a, sz) g = Sigmoid(p) m = Mul(g, q)',
    constants: ['int64[2] sz = {4, 4}'],
    channels: 4,
  },
  {
    title: 'Slice of the middle',
    body: 'm = Slice(a, fr, to, ax)',
    constants: ['int64[1] fr = {2}', 'int64[1] to = {-1}', 'int64[1] ax = {1}'],
    channels: 5,
  },
  {
    title: 'Slice backwards',
    body: 'f = Slice(a, fr, to, ax, by) m = Add(f, a)',
    constants: [
      'int64[1] fr = {-1}',
      'int64[1] to = {-100}',
      'int64[1] ax = {1}',
      'int64[1] by = {-1}',
    ],
    channels: 8,
  },
  {
    title: 'Gather in another order',
    body: 'm = Gather<axis=1>(a, ix)',
    constants: ['int64[6] ix = {7, 0, 3, -2, 0, 5}'],
    channels: 6,
  },
  {
    title: 'one channel taken out',
    body: 'o = Gather<axis=1>(a, ix) u = Unsqueeze(o, ax) m = Mul(a, u)',
    constants: ['int64 ix = {2}', 'int64[1] ax = {1}'],
    channels: 8,
    isFrozen: true,
  },
  {
    title: 'Pad of channels at one end',
    body: 'm = Pad(a, pd)',
    constants: ['int64[8] pd = {0, 0, 1, 1, 0, 3, 1, 1}'],
    channels: 11,
  },
  {
    title: 'groups by Reshape and back',
    body: 'r = Reshape(a, s1) t = Relu(r) m = Reshape(t, s2)',
    constants: ['int64[5] s1 = {0, 2, 4, 8, 8}', 'int64[4] s2 = {0, -1, 8, 8}'],
    channels: 8,
  },
  {
    title: 'a channel shuffle',
    body: 'r = Reshape(a, s1) t = Transpose<perm=[0,2,1,3,4]>(r) m = Reshape(t, s2)',
    constants: ['int64[5] s1 = {0, 4, 2, 8, 8}', 'int64[4] s2 = {0, 8, 8, 8}'],
    channels: 8,
  },
  {
    title: 'a Reshape across the bounds of the axis',
    body: 'r = Reshape(a, s1) t = Relu(r) m = Reshape(t, s2)',
    constants: ['int64[3] s1 = {0, 32, 16}', 'int64[4] s2 = {0, 8, 8, 8}'],
    channels: 8,
  },
  {
    title: 'a maximum over pairs of channels',
    body: 'r = Reshape(a, s1) m = ReduceMax<axes=[2], keepdims=0>(r)',
    constants: ['int64[5] s1 = {0, 4, 2, 8, 8}'],
    channels: 4,
  },
  {
    title: 'pooling in three forms',
    body: `p = AveragePool<kernel_shape=[2,2], strides=[2,2]>(a) q = MaxPool<kernel_shape=[2,2], strides=[2,2]>(p)
      g = GlobalMaxPool(a) m = Add(q, g)`,
    channels: 8,
  },
  {
    title: 'Resize to sizes',
    body: 'm = Resize<mode="linear">(a, no, no, sz)',
    constants: ['float[0] no = {}', 'int64[4] sz = {2, 8, 12, 12}'],
    channels: 8,
  },
  {
    title: 'squeeze and excite',
    body: `g = GlobalAveragePool(a) e = Conv(g, we) r = Relu(e) f = Conv(r, wf) h = HardSigmoid(f) m = Mul(h, a)`,
    weights: { we: [4, 8, 1, 1], wf: [8, 4, 1, 1] },
    channels: 8,
  },
  {
    title: 'InstanceNormalization',
    body: 'm = InstanceNormalization(a, s, b)',
    weights: { s: [8], b: [8] },
    channels: 8,
  },
  {
    title: 'LayerNormalization over channels last',
    body: `t = Transpose<perm=[0,2,3,1]>(a) n = LayerNormalization(t, s, b) m = Transpose<perm=[0,3,1,2]>(n)`,
    weights: { s: [8], b: [8] },
    channels: 8,
    isFrozen: true,
  },
  { title: 'LRN', body: 'm = LRN<size=3>(a)', channels: 8, isFrozen: true },
  { title: 'Softmax over channels', body: 'm = Softmax<axis=1>(a)', channels: 8, isFrozen: true },
  {
    title: 'a mean over channels',
    body: 'n = ReduceMean<axes=[1]>(a) m = Sub(a, n)',
    channels: 8,
    isFrozen: true,
  },
  {
    title: 'CumSum',
    body: 'm = CumSum(a, ax)',
    constants: ['int64 ax = {1}'],
    channels: 8,
    isFrozen: true,
  },
  { title: 'DepthToSpace', body: 'm = DepthToSpace<blocksize=2, mode="CRD">(a)', channels: 2 },
  { title: 'SpaceToDepth', body: 'm = SpaceToDepth<blocksize=2>(a)', channels: 32 },
  {
    title: 'Expand of a vector',
    body: 'e = Expand(v, sh) m = Mul(a, e)',
    weights: { v: [1, 8, 1, 1] },
    constants: ['int64[4] sh = {1, 8, 8, 8}'],
    channels: 8,
  },
  {
    title: 'Tile of channels',
    body: 'm = Tile(a, re)',
    constants: ['int64[4] re = {1, 2, 1, 1}'],
    channels: 16,
  },
  {
    title: 'Tile of one channel to all',
    body: 'o = Conv(x, wo) e = Tile(o, re) m = Mul(a, e)',
    weights: { wo: [1, 3, 1, 1] },
    constants: ['int64[4] re = {1, 8, 1, 1}'],
    channels: 8,
  },
  {
    title: 'Where by a comparison',
    body: 'c = Greater(a, th) n = Neg(a) m = Where(c, a, n)',
    weights: { th: [8, 1, 1] },
    channels: 8,
  },
  {
    title: 'Einsum over channels',
    body: 'm = Einsum<equation="bchw,cd->bdhw">(a, we)',
    weights: { we: [8, 6] },
    channels: 6,
  },
  {
    title: 'a scale of the number of channels',
    body: 'sh = Shape<start=1, end=2>(a) f = Cast<to=1>(sh) q = Sqrt(f) m = Div(a, q)',
    channels: 8,
  },
  {
    title: 'sizes from Shape',
    body: `sh = Shape(a) p, q = Split<axis=0>(sh, sz) l = Concat<axis=0>(p, minus) r = Reshape(a, l) t = Relu(r)
      m = Reshape(t, sh)`,
    constants: ['int64[2] sz = {2, 2}', 'int64[1] minus = {-1}'],
    channels: 8,
  },
  {
    title: 'Squeeze and Unsqueeze of the batch of one picture',
    body: 'u = Unsqueeze(a, ax) r = Relu(u) m = Squeeze(r, ax)',
    constants: ['int64[1] ax = {1}'],
    channels: 8,
  },
]

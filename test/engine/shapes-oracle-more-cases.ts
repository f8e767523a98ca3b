// More small models: generated tensors, images, signals, subgraphs, other opsets, the runtime's own operators.

import type { OracleCase } from './shapes-oracle-cases.ts'

const IMAGE = 'float[n, 4, h, w] x'

export const MORE_ORACLE_CASES: readonly OracleCase[] = [
  {
    family: 'generation',
    text: `g (float[n, 4] x) => (r) <int64 start = {2}, int64 step = {3}, int64 end = {12}> {
      s = Shape (x)
      a = ConstantOfShape <value: tensor = int32[1] {7}> (s)
      b = Range (start, end, step)
      z = Size (x)
      c = Range (start, z, step)
      d = RandomNormal <shape = [2, 3], dtype = 11> ()
      e = RandomUniformLike <dtype = 11> (x)
      f = EyeLike <dtype = 7> (x)
      k = Constant <value_floats = [1.0, 2.0]> ()
      m = Multinomial <sample_size = 5> (x)
      u = Constant <value: tensor = float[2] {0.5, 0.5}> ()
      r = Bernoulli <dtype = 1> (u)
    }`,
  },
  {
    family: 'resizing and images',
    text: `g (${IMAGE}) => (f) <int64[1] s0 = {0}, int64[1] s1 = {1}, float[4] up = {1, 1, 2, 2}, float[4] half = {1, 1, 0.5, 1.5}, int64[4] to = {1, 4, 9, 7}, float[1, 5, 7, 2] grid = random(1)> {
      a = Resize <mode = "nearest"> (x, "", up)
      b = Resize <mode = "linear"> (x, "", half)
      one = Slice (x, s0, s1)
      c = Resize <mode = "linear"> (one, "", "", to)
      d = GridSample (one, grid)
      e = DepthToSpace <blocksize = 2> (x)
      f = SpaceToDepth <blocksize = 2> (e)
    }`,
  },
  {
    family: 'signals',
    text: `g (float[n, 32, 1] x) => (b, c) <int64 step = {4}, int64 frame = {8}, int64 size = {10}, int64 bins = {5}, int64 rate = {8000}, float low = {0}, float high = {4000}> {
      a = DFT <axis = 1, onesided = 1> (x)
      b = STFT (x, step, "", frame)
      c = HannWindow (size)
      d = MelWeightMatrix (bins, size, rate, low, high)
    }`,
  },
  {
    family: 'losses',
    text: `g (float[n, 5, d] x, int64[n, d] t) => (a, b) {
      a = NegativeLogLikelihoodLoss <reduction = "none"> (x, t)
      b, p = SoftmaxCrossEntropyLoss (x, t)
    }`,
  },
  {
    family: 'sequences',
    text: `g (float[6, n] x) => (c, len) <int64 two = {2}, int64 zero = {0}> {
      parts = SplitToSequence <axis = 0> (x, two)
      part = SequenceAt (parts, zero)
      more = SequenceInsert (parts, part)
      c = ConcatFromSequence <axis = 0> (more)
      len = SequenceLength (more)
    }`,
  },
  {
    family: 'subgraphs',
    text: `g (float[n, 3] x, float[3] start, bool c) => (y, l, s, out) <int64 trips = {3}, bool yes = {1}> {
      y = If (c) < then_branch = t () => (p) { p = Relu (x) }, else_branch = e () => (q) { q = Exp (x) } >
      l, r = Loop (trips, yes, x) < body = b (int64 i, bool on, float[n, 3] now) => (on2, next, row) {
        on2 = Identity (on)
        next = Relu (now)
        row = ReduceSum <keepdims = 0> (now)
      } >
      s, out = Scan < num_scan_inputs = 1, body = sb (float[3] a, float[3] b) => (a2, o) {
        a2 = Add (a, b)
        o = Identity (a2)
      } > (start, x)
    }`,
  },
  {
    family: 'opset 7',
    opset: 7,
    text: `g (${IMAGE}) => (k) <int64[2] to = {0, -1}> {
      a = Upsample <scales = [1.0, 1.0, 2.0, 2.0], mode = "nearest"> (x)
      b = Slice <starts = [1], ends = [3], axes = [1]> (x)
      c = Pad <pads = [0, 0, 1, 1, 0, 0, 1, 1]> (x)
      d = Unsqueeze <axes = [0, 5]> (x)
      e = Squeeze <axes = [0]> (d)
      f, g1 = Split <axis = 1, split = [1, 3]> (x)
      v, i = TopK <axis = 1, k = 2> (x)
      m = Dropout (x)
      r = ReduceSum <axes = [1], keepdims = 0> (x)
      k = Reshape (x, to)
      l = Clip <min = 0.0> (x)
    }`,
  },
  {
    family: 'opset 23',
    opset: 23,
    text: `g (float[n, 2, s, 8] q, float[n, 2, t, 8] k, float[n, 2, t, 8] v) => (y, r) <float[8] one = random(1)> {
      y = Attention (q, k, v)
      r = RMSNormalization (q, one)
    }`,
  },
  {
    family: 'runtime operators',
    imports: ', "com.microsoft" : 1',
    text: `g (float[n, 3, 8] x) => (f, i, m) <float[8] g8 = random(1), float[8, 4] w = random(2)> {
      a = com.microsoft.Gelu (x)
      b = com.microsoft.QuickGelu (x)
      c, c1, c2, c3 = com.microsoft.SkipLayerNormalization (x, x, g8)
      d = com.microsoft.FusedMatMul <transA = 1> (x, x)
      e = com.microsoft.BiasGelu (x, g8)
      f = com.microsoft.FastGelu (x)
      q, qs, qz = DynamicQuantizeLinear (x)
      i = com.microsoft.QLinearAdd (q, qs, qz, q, qs, qz, qs, qz)
      m = MatMul (x, w)
    }`,
  },
  {
    family: 'attention of the runtime',
    imports: ', "com.microsoft" : 1',
    text: `g (float[n, s, 8] q, float[n, t, 8] k) => (a, b, r) <float[8, 24] w = random(1), float[24] bias = random(2)> {
      a = com.microsoft.Attention <num_heads = 2> (q, w, bias)
      b = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, k)
      r = com.microsoft.FusedMatMul <transB = 1> (q, k)
    }`,
  },
]

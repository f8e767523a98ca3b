// Small models, at least one per operator family, whose types onnxruntime is asked about.

export interface OracleCase {
  readonly family: string
  readonly opset?: number
  readonly imports?: string
  readonly text: string
}

const IMAGE = 'float[n, 4, h, w] x'

export const ORACLE_CASES: readonly OracleCase[] = [
  {
    family: 'convolutions',
    text: `g (${IMAGE}) => (e, f) <float[6, 4, 3, 3] k = random(1), float[6, 2, 3, 3] k2 = random(2), float[4, 3, 2, 2] t = random(3), float[4, 1, 5, 5] d = random(4)> {
      a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, k)
      b = Conv <group = 2, dilations = [2, 1]> (x, k2)
      c = Conv <auto_pad = "SAME_UPPER", strides = [3, 2]> (x, k)
      d2 = Conv <group = 4, auto_pad = "VALID"> (x, d)
      e = ConvTranspose <strides = [2, 3], output_padding = [1, 0]> (x, t)
      f = ConvTranspose <group = 2, strides = [2, 2], auto_pad = "SAME_LOWER"> (x, t)
    }`,
  },
  {
    family: 'pooling',
    text: `g (${IMAGE}) => (e) {
      a, i = MaxPool <kernel_shape = [3, 3], strides = [2, 2], ceil_mode = 1> (x)
      b = AveragePool <kernel_shape = [2, 3], pads = [1, 0, 0, 1], count_include_pad = 1> (x)
      c = MaxPool <kernel_shape = [3, 2], strides = [2, 3], auto_pad = "SAME_UPPER"> (x)
      c2 = MaxPool <kernel_shape = [2, 2], dilations = [2, 3]> (x)
      d = LpPool <kernel_shape = [2, 2], p = 3> (x)
      p = GlobalAveragePool (x)
      q = GlobalMaxPool (x)
      e = AveragePool <kernel_shape = [3, 3], strides = [4, 4], pads = [1, 1, 1, 1], ceil_mode = 1> (x)
    }`,
  },
  {
    family: 'matrix products',
    text: `g (float[n, 3, 4] x, float[4] v) => (f) <float[4, 5] w = random(1), float[5, 4] wt = random(2), float[2, 1, 4, 6] b = random(3)> {
      a = MatMul (x, w)
      c = MatMul (x, b)
      d = MatMul (x, v)
      r = MatMul (v, w)
      rows = Flatten <axis = 2> (x)
      e = Gemm <transB = 1> (rows, wt)
      f = Einsum <equation = "bij,jk->bik"> (x, w)
      g1 = Einsum <equation = "...i,...i"> (x, x)
    }`,
  },
  {
    family: 'elementwise',
    text: `g (float[n, 3] x, float[3] y, float[n, 1] z) => (s) {
      a = Add (x, y)
      b = Mul (x, z)
      c = Greater (x, z)
      d = Not (c)
      e = Where (d, x, y)
      f = Pow (x, y)
      m = Max (x, y, z)
      i = IsNaN (x)
      t = Cast <to = 10> (x)
      u = CastLike (x, c)
      o = Clip (x)
      p = PRelu (x, y)
      r = Erf (o)
      s = Softmax (r)
    }`,
  },
  {
    family: 'normalization',
    text: `g (${IMAGE}) => (f, j) <float[4] one = random(1), float[4] zero = random(2), float[4] mean = random(3), float[4] var = full(1)> {
      a = BatchNormalization (x, one, zero, mean, var)
      b = InstanceNormalization (a, one, zero)
      t = Transpose <perm = [0, 2, 3, 1]> (b)
      f, m, s = LayerNormalization (t, one, zero)
      l = LRN <size = 3> (x)
      v = MeanVarianceNormalization (x)
      p = LpNormalization (v)
      o, mask = Dropout (x)
      j = Identity (mask)
    }`,
  },
  {
    family: 'shape',
    text: `g (float[n, 4, 6] x) => (m) <int64[1] one = {1}, int64[2] target = {0, -1}, int64[4] fold = {0, 2, -1, 6}, int64[3] rep = {1, 2, 3}, int64[6] pads = {0, 1, 0, 0, 1, 2}, int64[4] big = {2, 1, 4, 6}> {
      a = Reshape (x, target)
      b = Reshape (x, fold)
      c = Unsqueeze (x, one)
      d = Squeeze (c, one)
      e = Flatten <axis = -1> (x)
      f = Transpose (x)
      g1 = Tile (x, rep)
      h = Pad (x, pads)
      j = Expand (x, big)
      k = Concat <axis = -1> (x, d)
      s = Shape <start = 1> (x)
      z = Size (x)
      m = Identity (k)
    }`,
  },
  {
    family: 'indexing',
    text: `g (float[n, 8, 6] x) => (m, u) <int64[3] pick = {0, 2, -1}, int64 first = {0}, int64[1] k = {2}, int64[1, 2] at = {0, 1}, int64 depth = {7}, float[2] onoff = {0, 1}, bool[4] keep = {1, 0, 1, 1}, int64[1] starts = {1}, int64[1] ends = {-1}, int64[1] axes = {1}, int64[1] steps = {2}> {
      a = Gather <axis = 1> (x, pick)
      b = Gather <axis = 2> (x, first)
      c = GatherND (x, at)
      v, i = TopK <axis = 1> (x, k)
      o = OneHot <axis = 0> (pick, depth, onoff)
      r = ArgMax <axis = 1, keepdims = 0> (x)
      p = Compress <axis = 1> (x, keep)
      s = Slice (x, starts, ends, axes, steps)
      q1, q2 = Split <axis = 1> (x)
      sh = Shape (x)
      st = Slice (x, starts, k, axes)
      m = NonZero (x)
      u, uf, ui, uc = Unique <axis = 1> (x)
    }`,
  },
  {
    family: 'scatter',
    text: `g (float[n, 3] x, int64[1, 3] i, float[1, 3] u) => (b) <int64[1, 1] row = {0}> {
      a = ScatterElements <axis = 0> (x, i, u)
      b = ScatterND (a, row, u)
      c = GatherElements (x, i)
    }`,
  },
  {
    family: 'reduction',
    text: `g (float[n, 4, 6] x) => (e) <int64 zero = {0}, int64[1] last = {-1}> {
      a = ReduceSum (x, last)
      b = ReduceMean <axes = [0, 2], keepdims = 0> (x)
      c = ReduceMax (x)
      d = ReduceL2 <axes = [1]> (x)
      e = ReduceSum <noop_with_empty_axes = 1> (x)
      f = CumSum (x, zero)
      g1 = ReduceLogSumExp <axes = [-2], keepdims = 0> (x)
    }`,
  },
  {
    family: 'recurrent',
    text: `g (float[t, n, 4] x) => (y, h2) <float[2, 12, 4] w = random(1), float[2, 12, 3] r = random(2), float[1, 9, 4] gw = random(3), float[1, 9, 3] gr = random(4), float[1, 3, 4] rw = random(5), float[1, 3, 3] rr = random(6)> {
      y, h, c = LSTM <hidden_size = 3, direction = "bidirectional"> (x, w, r)
      a, h2 = GRU <hidden_size = 3> (x, gw, gr)
      b, h3 = RNN <hidden_size = 3, direction = "reverse"> (x, rw, rr)
    }`,
  },
  {
    family: 'quantization',
    opset: 19,
    text: `g (${IMAGE}) => (o, c2) <float s = {0.1}, uint8 z = {128}, int8 iz = {0}, int8[3, 4, 1, 1] k = full(1), uint8[2, 6] w2 = full(2), uint8[6, 5] w = full(1)> {
      q = QuantizeLinear (x, s, z)
      d = DequantizeLinear (q, s, z)
      v, vs, vz = DynamicQuantizeLinear (x)
      c = QLinearConv (q, s, z, k, s, iz, s, z)
      c2 = ConvInteger (q, k, z, iz)
      m = QLinearMatMul (w2, s, z, w, s, z, s, z)
      n2 = MatMulInteger (w2, w)
      o = DequantizeLinear (c, s, z)
    }`,
  },
]

// Small models, each with one definition that changed between opsets. `x` and other float inputs get normal numbers.

export interface UpgradeCase {
  readonly name: string
  readonly opset: number
  /** The graph, without header. */
  readonly graph: string
  /** What the runtime is to compare with where it has no kernel for the old opset: the same written for opset 21. */
  readonly reference?: string
  /** Operators that must have been changed on the way. */
  readonly changed: readonly string[]
  /** Functions of the model, opset and domain `local` imported. */
  readonly functions?: string
}

export const OPERATOR_CASES: readonly UpgradeCase[] = [
  {
    name: 'Squeeze, Unsqueeze: axes become an input',
    opset: 11,
    graph: `g (float[2, 1, 3] x) => (float[2, 1, 3, 1] y) { a = Squeeze <axes = [1]> (x)
      b = Unsqueeze <axes = [1, 3]> (a) y = Identity(b) }`,
    changed: ['Squeeze', 'Unsqueeze'],
  },
  {
    name: 'Squeeze without axes stays',
    opset: 11,
    graph: 'g (float[2, 1, 3] x) => (float[2, 3] y) { y = Squeeze(x) }',
    changed: [],
  },
  {
    name: 'ReduceSum, ReduceMean, ReduceMax, ReduceL2: axes become an input',
    opset: 12,
    graph: `g (float[2, 3, 4] x) => (float[?, ?] y, float[?, ?, ?] z, float w, float[?] v) {
      y = ReduceSum <axes = [1], keepdims = 0> (x) z = ReduceMean <axes = [-1, 0]> (x)
      w = ReduceMax <keepdims = 0> (x) v = ReduceL2 <axes = [0, 1], keepdims = 0> (x) }`,
    changed: ['ReduceSum', 'ReduceMean', 'ReduceL2'],
  },
  {
    name: 'Split: sizes become an input, equal parts a number',
    opset: 11,
    graph: `g (float[2, 6] x) => (float[2, 2] a, float[2, 4] b, float[2, 3] c, float[2, 3] d) {
      a, b = Split <axis = 1, split = [2, 4]> (x) c, d = Split <axis = -1> (x) }`,
    changed: ['Split'],
  },
  {
    name: 'Clip: bounds become inputs',
    opset: 10,
    graph: `g (float[20] x) => (float[20] y, float[20] z) { y = Clip <min = -0.5, max = 0.25> (x)
      z = Clip <max = 0.1> (x) }`,
    changed: ['Clip'],
  },
  {
    name: 'Clip: bounds take the type of the input',
    opset: 7,
    graph: `g (float[20] x) => (float[20] y) { a = Cast <to = 11> (x) b = Mul(a, a) c = Clip <min = 0.1, max = 1.0> (b)
      y = Cast <to = 1> (c) }`,
    changed: ['Clip'],
    reference: `g (float[20] x) => (float[20] y) <double low = {0.10000000149011612}, double high = {1}> {
      a = Cast <to = 11> (x) b = Mul(a, a) c = Clip(b, low, high) y = Cast <to = 1> (c) }`,
  },
  {
    name: 'Dropout: ratio becomes an input',
    opset: 7,
    graph: 'g (float[4] x) => (float[4] y) { y, mask = Dropout <ratio = 0.25> (x) }',
    changed: ['Dropout'],
  },
  {
    name: 'Pad: pads and value become inputs',
    opset: 9,
    graph: `g (float[2, 3, 4] x) => (float[?, ?, ?] y, float[?, ?, ?] z) {
      y = Pad <mode = "constant", pads = [0, 1, 2, 0, 0, 1], value = 1.5> (x)
      z = Pad <mode = "reflect", pads = [0, 1, 1, 0, 0, 2]> (x) }`,
    changed: ['Pad'],
  },
  {
    name: 'Slice: bounds become inputs',
    opset: 9,
    graph: `g (float[4, 5, 6] x) => (float[?, ?, ?] y, float[?, ?, ?] z) {
      y = Slice <starts = [1, -4], ends = [9, -1], axes = [0, 2]> (x) z = Slice <starts = [0, 2], ends = [2, 1000]> (x) }`,
    changed: ['Slice'],
  },
  {
    name: 'TopK: k becomes an input',
    opset: 9,
    graph:
      'g (float[3, 8] x) => (float[3, 2] y, int64[3, 2] i) { y, i = TopK <axis = 1, k = 2> (x) }',
    changed: ['TopK'],
  },
  {
    name: 'BatchNormalization',
    opset: 7,
    graph: `g (float[2, 3, 4] x) => (float[2, 3, 4] y)
      <float[3] s = {1, 2, 0.5}, float[3] b = {0, 1, -1}, float[3] m = {0.1, 0.2, 0.3}, float[3] v = {1, 2, 3}> {
      y = BatchNormalization <epsilon = 0.01, momentum = 0.9, spatial = 1> (x, s, b, m, v) }`,
    changed: ['BatchNormalization'],
  },
  {
    name: 'Softmax, LogSoftmax along the last axis',
    opset: 11,
    graph:
      'g (float[2, 5] x) => (float[2, 5] y, float[2, 5] z) { y = Softmax(x) z = LogSoftmax <axis = -1> (x) }',
    changed: ['Softmax', 'LogSoftmax'],
  },
  {
    name: 'Softmax over several axes at once',
    opset: 11,
    graph: `g (float[2, 3, 4] x) => (float[2, 3, 4] y, float[2, 3, 4] z, float[2, 3, 4] w) {
      y = Softmax <axis = 1> (x) z = LogSoftmax <axis = 0> (x) w = Hardmax <axis = -2> (x) }`,
    changed: ['Softmax', 'LogSoftmax', 'Hardmax'],
  },
  {
    name: 'Softmax of unknown rank inside a branch',
    opset: 12,
    graph: `g (float[2, 3, 4] x, bool[] c) => (float[?, ?, ?] y) { y = If (c) <
      then_branch = t () => (float[?, ?, ?] a) { a = Softmax <axis = 1> (x) },
      else_branch = e () => (float[?, ?, ?] b) { n = Neg(x) b = Softmax <axis = 2> (n) }> }`,
    changed: ['Softmax'],
  },
  {
    name: 'Scatter is called ScatterElements',
    opset: 9,
    graph: `g (float[3, 3] x, float[1, 2] u) => (float[3, 3] y) <int64[1, 2] i = {1, 2}> {
      y = Scatter <axis = 1> (x, i, u) }`,
    changed: ['Scatter'],
  },
  {
    name: 'RoiAlign keeps its grid',
    opset: 10,
    graph: `g (float[1, 2, 8, 8] x) => (float[?, ?, ?, ?] y)
      <float[2, 4] rois = {0, 0, 5, 5, 1, 2, 7, 6}, int64[2] batch = {0, 0}> {
      y = RoiAlign <output_height = 3, output_width = 3, sampling_ratio = 2, spatial_scale = 0.9> (x, rois, batch) }`,
    changed: ['RoiAlign'],
  },
  {
    name: 'GridSample: modes renamed',
    opset: 16,
    graph: `g (float[1, 1, 4, 4] x, float[1, 3, 3, 2] grid) => (float[?, ?, ?, ?] y, float[?, ?, ?, ?] z) {
      y = GridSample(x, grid) z = GridSample <mode = "bicubic"> (x, grid) }`,
    changed: ['GridSample'],
  },
  {
    name: 'DFT: axis becomes an input',
    opset: 17,
    graph:
      'g (float[1, 6, 4, 1] x) => (float[?, ?, ?, ?] y, float[?, ?, ?, ?] z) { y = DFT(x) z = DFT <axis = 2> (x) }',
    changed: ['DFT'],
  },
  {
    name: 'GroupNormalization: scale and bias for each channel',
    opset: 18,
    graph: `g (float[2, 4, 3] x) => (float[2, 4, 3] y) <float[2] s = {1.5, 2}, float[2] b = {0.5, -1}> {
      y = GroupNormalization <num_groups = 2, epsilon = 0.01> (x, s, b) }`,
    reference: `g (float[2, 4, 3] x) => (float[2, 4, 3] y) <float[4] s = {1.5, 1.5, 2, 2}, float[4] b = {0.5, 0.5, -1, -1}> {
      y = GroupNormalization <num_groups = 2, epsilon = 0.01> (x, s, b) }`,
    changed: ['GroupNormalization'],
  },
  {
    name: 'GroupNormalization with an open channel axis',
    opset: 18,
    graph: `g (float[N, C, 3] x) => (float[N, C, 3] y) <float[2] s = {1.5, 2}, float[2] b = {0.5, -1}> {
      y = GroupNormalization <num_groups = 2> (x, s, b) }`,
    reference: `g (float[N, C, 3] x) => (float[N, C, 3] y) <float[4] s = {1.5, 1.5, 2, 2}, float[4] b = {0.5, 0.5, -1, -1}> {
      y = GroupNormalization <num_groups = 2> (x, s, b) }`,
    changed: ['GroupNormalization'],
  },
  {
    name: 'AveragePool, MaxPool with rounded-up sizes',
    opset: 10,
    graph: `g (float[1, 2, 7, 7] x) => (float[?, ?, ?, ?] y, float[?, ?, ?, ?] z, float[?, ?, ?, ?] w) {
      y = AveragePool <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 0, 0], ceil_mode = 1> (x)
      z = AveragePool <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1], ceil_mode = 1, count_include_pad = 1> (x)
      w = MaxPool <kernel_shape = [2, 2], strides = [2, 2], ceil_mode = 1> (x) }`,
    changed: [],
  },
  {
    name: 'LSTM, GRU, RNN',
    opset: 7,
    graph: `g (float[3, 1, 2] x, float[1, 8, 2] w, float[1, 8, 2] r, float[1, 6, 2] gw, float[1, 6, 2] gr,
      float[1, 2, 2] vw, float[1, 2, 2] vr) => (float[3, 1, 1, 2] y, float[3, 1, 1, 2] z, float[3, 1, 1, 2] v) {
      y = LSTM <hidden_size = 2> (x, w, r) z = GRU <hidden_size = 2, linear_before_reset = 1> (x, gw, gr)
      v = RNN <hidden_size = 2> (x, vw, vr) }`,
    changed: [],
  },
  {
    name: 'DepthToSpace, Flatten, Gemm, Constant, ArgMax, OneHot, Compress',
    opset: 9,
    graph: `g (float[1, 4, 2, 2] x, float[16, 3] w) => (float[1, 1, 4, 4] y, float[1, 3] z, int64[?, ?, ?, ?] i, float[?, ?] o)
      <int64 depth = {4}, float[2] values = {-1, 2}> {
      y = DepthToSpace <blocksize = 2> (x) f = Flatten(x) c = Constant <value = float[3] {1, 2, 3}> ()
      z = Gemm <alpha = 0.5, beta = 2.0> (f, w, c) i = ArgMax <axis = 1> (x) j = ArgMax <axis = 1, keepdims = 0> (z)
      o = OneHot <axis = -1> (j, depth, values) }`,
    changed: [],
  },
  {
    name: 'bodies of functions, attributes handed through',
    opset: 12,
    graph: 'g (float[2, 3, 4] x) => (float[?, ?] y) { y = local.mean <axes = [0]> (x) }',
    functions: `<domain: "local", opset_import: ["" : 12]> mean <axes> (x) => (y) {
      s = ReduceMean <axes: ints = @axes, keepdims = 0> (x) u = Unsqueeze <axes = [0]> (s) t = Squeeze <axes = [0]> (u) y = Softmax <axis = 0> (t) }`,
    changed: ['ReduceMean', 'Unsqueeze', 'Squeeze', 'Softmax'],
  },
  {
    name: 'bodies of loops',
    opset: 10,
    graph: `g (float[2, 3] x) => (float[2, 3] y) <int64 count = {3}, bool go = {1}> { y = Loop (count, go, x) <
      body = b (int64 i, bool c, float[2, 3] a) => (bool d, float[2, 3] e) { d = Identity(c)
        s = Softmax <axis = 0> (a) e = Clip <min = 0.05, max = 0.5> (s) }> }`,
    changed: ['Softmax', 'Clip'],
  },
]

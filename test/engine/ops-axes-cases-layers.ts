// Which axes of a node stand and fall together, as `recordedAxes` writes it.

export interface AxesCase {
  readonly title: string
  readonly graph: string
  readonly lines: readonly string[] | 'same' | 'opaque'
}

export const LAYER_CASES: readonly AxesCase[] = [
  {
    title: 'Conv',
    graph: 'g (float[1,4,5,5] x, float[6,4,3,3] w, float[6] b) => (float y) { y = Conv(x, w, b) }',
    lines: [
      'freeze x.2',
      'freeze w.2',
      'freeze x.3',
      'freeze w.3',
      'y.0 = x.0',
      'y.1 = w.0',
      'b.0 ~ w.0',
      'x.1 ~ w.1',
    ],
  },
  {
    title: 'Conv of two groups',
    graph: 'g (float[1,4,5,5] x, float[6,2,3,3] w) => (float y) { y = Conv<group=2>(x, w) }',
    lines: [
      'freeze x.2',
      'freeze w.2',
      'freeze x.3',
      'freeze w.3',
      'y.0 = x.0',
      'y.1 = w.0',
      'x.1[2×2/0] ~ w.0[2×3/0]',
      'x.1[2×2/1] ~ w.1',
      'rewrite count group x.1[2×2/0]',
    ],
  },
  {
    title: 'Conv depthwise',
    graph:
      'g (float[1,4,5,5] x, float[4,1,3,3] w, float[4] b) => (float y) { y = Conv<group=4>(x, w, b) }',
    lines: [
      'freeze x.2',
      'freeze w.2',
      'freeze x.3',
      'freeze w.3',
      'y.0 = x.0',
      'y.1 = w.0',
      'b.0 ~ w.0',
      'x.1[4×1/0] ~ w.0[4×1/0]',
      'x.1[4×1/1] ~ w.1',
      'rewrite count group x.1[4×1/0]',
    ],
  },
  {
    title: 'ConvTranspose',
    graph:
      'g (float[1,4,5,5] x, float[4,6,3,3] w, float[6] b) => (float y) { y = ConvTranspose(x, w, b) }',
    lines: [
      'freeze x.2',
      'freeze w.2',
      'freeze x.3',
      'freeze w.3',
      'y.0 = x.0',
      'x.1 ~ w.0',
      'y.1 = w.1',
      'b.0 ~ w.1',
    ],
  },
  {
    title: 'ConvTranspose of two groups',
    graph:
      'g (float[1,4,5,5] x, float[4,3,3,3] w) => (float y) { y = ConvTranspose<group=2>(x, w) }',
    lines: [
      'freeze x.2',
      'freeze w.2',
      'freeze x.3',
      'freeze w.3',
      'y.0 = x.0',
      'x.1 ~ w.0',
      'y.1 = x.1[2×2/0]×w.1',
      'rewrite count group x.1[2×2/0]',
    ],
  },
  {
    title: 'MatMul',
    graph: 'g (float[2,3,4] a, float[4,5] b) => (float y) { y = MatMul(a, b) }',
    lines: ['a.2 ~ b.0', 'y.0 = a.0', 'y.1 = a.1', 'y.2 = b.1'],
  },
  {
    title: 'MatMul of stacks',
    graph: 'g (float[2,7,3,4] a, float[1,7,4,5] b) => (float y) { y = MatMul(a, b) }',
    lines: ['a.3 ~ b.2', 'y.0 = a.0', 'a.1 ~ b.1', 'y.1 = a.1', 'y.2 = a.2', 'y.3 = b.3'],
  },
  {
    title: 'MatMul of a vector',
    graph: 'g (float[4] a, float[2,4,5] b) => (float y) { y = MatMul(a, b) }',
    lines: ['a.0 ~ b.1', 'y.0 = b.0', 'y.1 = b.2'],
  },
  {
    title: 'Gemm',
    graph:
      'g (float[3,4] a, float[5,4] b, float[5] c) => (float y) { y = Gemm<transB=1>(a, b, c) }',
    lines: ['a.1 ~ b.1', 'y.0 = a.0', 'y.1 = b.0', 'c.0 ~ b.0'],
  },
  {
    title: 'Einsum',
    graph:
      'g (float[2,3,4] a, float[2,4,5] b) => (float y) { y = Einsum<equation="bij,bjk->bik">(a, b) }',
    lines: ['a.0 ~ b.0', 'y.0 = a.0', 'y.1 = a.1', 'a.2 ~ b.1', 'y.2 = b.2'],
  },
  {
    title: 'Add',
    graph: 'g (float[2,3] a, float[3] b) => (float y) { y = Add(a, b) }',
    lines: 'same',
  },
  {
    title: 'MaxPool',
    graph: 'g (float[1,4,6,6] x) => (float y) { y = MaxPool<kernel_shape=[2,2]>(x) }',
    lines: ['freeze x.2', 'freeze x.3', 'y.0 = x.0', 'y.1 = x.1'],
  },
  {
    title: 'BatchNormalization',
    graph:
      'g (float[1,4,5] x, float[4] s, float[4] b, float[4] m, float[4] v) => (float y) { y = BatchNormalization(x, s, b, m, v) }',
    lines: [
      'y.0 = x.0',
      'y.1 = x.1',
      'y.2 = x.2',
      'x.1 ~ s.0',
      'x.1 ~ b.0',
      'x.1 ~ m.0',
      'x.1 ~ v.0',
    ],
  },
  {
    title: 'LayerNormalization',
    graph:
      'g (float[2,3,4] x, float[4] s, float[4] b) => (float y) { y = LayerNormalization(x, s, b) }',
    lines: ['y.0 = x.0', 'y.1 = x.1', 'normalized x.2', 'y.2 = x.2', 's.0 ~ x.2', 'b.0 ~ x.2'],
  },
  {
    title: 'GroupNormalization',
    graph:
      'g (float[1,6,5] x, float[6] s, float[6] b) => (float y) { y = GroupNormalization<num_groups=2>(x, s, b) }',
    lines: [
      'y.0 = x.0',
      'y.1 = x.1',
      'normalized x.2',
      'y.2 = x.2',
      'normalized x.1[2×3/1]',
      'rewrite count num_groups x.1[2×3/0]',
      'x.1 ~ s.0',
      'x.1 ~ b.0',
    ],
  },
  {
    title: 'GroupNormalization before opset 21',
    graph:
      'g (float[1,6,5] x, float[2] s, float[2] b) => (float y) { y = GroupNormalization<num_groups=2>(x, s, b) }',
    lines: [
      'y.0 = x.0',
      'y.1 = x.1',
      'normalized x.2',
      'y.2 = x.2',
      'normalized x.1[2×3/1]',
      'rewrite count num_groups x.1[2×3/0]',
      'x.1[2×3/0] ~ s.0',
      'x.1[2×3/0] ~ b.0',
    ],
  },
  {
    title: 'ReduceMean',
    graph:
      'g (float[2,3,4] x) => (float y) <int64[1] a = {-1}> { y = ReduceMean<keepdims=0>(x, a) }',
    lines: ['y.0 = x.0', 'y.1 = x.1', 'freeze x.2'],
  },
  {
    title: 'ArgMax',
    graph: 'g (float[2,3,4] x) => (int64 y) { y = ArgMax<axis=1, keepdims=0>(x) }',
    lines: ['y.0 = x.0', 'freeze x.1', 'y.1 = x.2'],
  },
  {
    title: 'Softmax',
    graph: 'g (float[2,3,4] x) => (float y) { y = Softmax(x) }',
    lines: ['y.0 = x.0', 'y.1 = x.1', 'freeze x.2'],
  },
  {
    title: 'DepthToSpace',
    graph: 'g (float[1,8,2,2] x) => (float y) { y = DepthToSpace<blocksize=2>(x) }',
    lines: ['freeze x.2', 'freeze x.3', 'y.0 = x.0', 'freeze x.1[4×2/0]', 'y.1 = x.1[4×2/1]'],
  },
  {
    title: 'DepthToSpace CRD',
    graph: 'g (float[1,8,2,2] x) => (float y) { y = DepthToSpace<blocksize=2, mode="CRD">(x) }',
    lines: ['freeze x.2', 'freeze x.3', 'y.0 = x.0', 'freeze x.1[2×4/1]', 'y.1 = x.1[2×4/0]'],
  },
  {
    title: 'SpaceToDepth',
    graph: 'g (float[1,2,2,2] x) => (float y) { y = SpaceToDepth<blocksize=2>(x) }',
    lines: ['freeze x.2', 'freeze x.3', 'y.0 = x.0', 'y.1 = x.1+x.1+x.1+x.1'],
  },
  {
    title: 'Resize',
    graph: 'g (float[1,3,2,2] x) => (float y) <float[4] s = {1, 1, 2, 2}> { y = Resize(x, "", s) }',
    lines: ['y.0 = x.0', 'y.1 = x.1', 'freeze x.2', 'freeze x.3'],
  },
  {
    title: 'DequantizeLinear',
    graph:
      'g (int8[6,4] x, float[6] s, int8[6] z) => (float y) { y = DequantizeLinear<axis=0>(x, s, z) }',
    lines: ['y.0 = x.0', 'y.1 = x.1', 's.0 ~ x.0', 'z.0 ~ x.0'],
  },
  {
    title: 'DequantizeLinear in blocks',
    graph:
      'g (int8[4,6] x, float[2,6] s) => (float y) { y = DequantizeLinear<axis=0, block_size=2>(x, s) }',
    lines: ['freeze x.0', 'y.0 = x.0', 'y.1 = x.1', 's.1 ~ x.1'],
  },
  {
    title: 'LSTM',
    graph:
      'g (float[5,2,3] x, float[1,16,3] w, float[1,16,4] r, float[1,32] b) => (float y, float h) { y, h = LSTM<hidden_size=4>(x, w, r, b) }',
    lines: [
      'freeze w.0',
      'w.1 ~ r.2+r.2+r.2+r.2',
      'freeze r.0',
      'r.1 ~ r.2+r.2+r.2+r.2',
      'x.2 ~ w.2',
      'freeze b.0',
      'b.1 ~ r.2+r.2+r.2+r.2+r.2+r.2+r.2+r.2',
      'y.3 = r.2',
      'y.2 = x.1',
      'y.0 = x.0',
      'h.2 = r.2',
      'h.1 = x.1',
      'rewrite count hidden_size r.2',
    ],
  },
  {
    title: 'If',
    graph:
      'g (bool c) => (float y) { y = If<then_branch = a () => (float u) { u = Constant<value = float {1.0}>() }, else_branch = b () => (float v) { v = Constant<value = float {2.0}>() }>(c) }',
    lines: 'opaque',
  },
]

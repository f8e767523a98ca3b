// What ONNX Runtime's own Python quantizer makes of small graphs, as its unit tests (test/python/quantization/test_op_*.py) state it:
// facts, case by case, beside what is made of them here. Shapes are ours, large enough that nothing is left out for its size.

import { floatConstant } from './model-runs.ts'

export interface PeerCase {
  /** The upstream file. */
  readonly file: string
  readonly title: string
  readonly input: readonly number[]
  readonly outputs: string
  readonly constants: string
  readonly body: string
  /** Operators that upstream puts between quantizers, or replaces by integer ones. */
  readonly upstream: readonly string[]
  /** What is different here, and why; `none`: the same. */
  readonly difference: 'none' | { readonly ours: readonly string[]; readonly why: string }
}

const IMAGE = [1, 8, 12, 12]
const CONV = `${floatConstant('w', [16, 8, 3, 3], 1, 0.1)}`
const SHAPES = 'int64[2] flat = {1, 1600}, int64[1] zero = {0}, int64[1] one = {1}'

const leaves = (what: string, ours: readonly string[]): PeerCase['difference'] => ({
  ours,
  why: `${what} moves integers; its result leaves the graph, and DequantizeLinear before it is no slower than behind`,
})
const float = (what: string, ours: readonly string[]): PeerCase['difference'] => ({
  ours,
  why: `${what} has no integer kernel in ONNX Runtime on CPU: quantizers around it only cost`,
})

/** Conv → Identity, and Conv → the operator, both results leaving the graph. */
function behindConv(
  file: string,
  title: string,
  node: string,
  upstream: readonly string[],
  difference: PeerCase['difference'],
): PeerCase {
  return {
    file,
    title,
    input: IMAGE,
    outputs: `${node.startsWith('ArgMax') ? 'int64' : 'float'} y, float same`,
    constants: `${CONV}, ${SHAPES}`,
    body: `[conv] c = Conv(x, w)  same = Identity(c)  [op] y = ${node}`,
    upstream,
    difference,
  }
}

const GEMM = [
  floatConstant('a', [64, 32], 1, 0.1),
  floatConstant('ab', [64], 2, 0.1),
  floatConstant('b', [16, 64], 3, 0.1),
  floatConstant('bb', [16], 4, 0.1),
  floatConstant('m', [32, 64], 5, 0.1),
  floatConstant('n', [64, 16], 6, 0.1),
  'float low = {-1}, float high = {1}',
].join()

function products(
  file: string,
  title: string,
  body: string,
  upstream: readonly string[],
): PeerCase {
  return {
    file,
    title,
    input: [8, 32],
    outputs: 'float y',
    constants: GEMM,
    body,
    upstream,
    difference: 'none',
  }
}

export const PEER_CASES: readonly PeerCase[] = [
  products(
    'test_op_gemm',
    'Gemm, Clip, Gemm: the quantizer clips',
    'c = Gemm<transB = 1>(x, a, ab)  d = Clip(c, low, high)  y = Gemm<transB = 1>(d, b, bb)',
    ['Gemm', 'Gemm'],
  ),
  products(
    'test_op_relu',
    'Gemm, Relu, Gemm: the quantizer cuts at 0',
    'c = Gemm<transB = 1>(x, a, ab)  d = Relu(c)  y = Gemm<transB = 1>(d, b, bb)',
    ['Gemm', 'Gemm'],
  ),
  products(
    'test_op_matmul',
    'MatMul, Clip, MatMul: upstream drops the Clip, here it stays between the products',
    'c = MatMul(x, m)  d = Clip(c, low, high)  y = MatMul(d, n)',
    ['MatMul', 'MatMul'],
  ),
  behindConv(
    'test_op_maxpool',
    'MaxPool',
    'MaxPool<kernel_shape = [3, 3]>(c)',
    ['Conv', 'MaxPool'],
    leaves('MaxPool', ['Conv']),
  ),
  behindConv(
    'test_op_pooling',
    'AveragePool',
    'AveragePool<kernel_shape = [3, 3]>(c)',
    ['Conv', 'AveragePool'],
    {
      ours: ['Conv'],
      why: 'alone at the end of the graph it is not faster on integers',
    },
  ),
  behindConv('test_op_softmax', 'Softmax', 'Softmax<axis = -2>(c)', ['Conv', 'Softmax'], {
    ours: ['Conv'],
    why: 'alone at the end of the graph it is not faster on integers, and scores keep their digits',
  }),
  behindConv(
    'test_op_resize',
    'Resize of nearest elements',
    'Resize<mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor">(c, "", scales)',
    ['Conv', 'Resize'],
    leaves('Resize', ['Conv']),
  ),
  behindConv(
    'test_op_reshape',
    'Reshape',
    'Reshape(c, flat)',
    ['Conv', 'Reshape'],
    leaves('Reshape', ['Conv']),
  ),
  behindConv(
    'test_op_flatten',
    'Flatten',
    'Flatten(c)',
    ['Conv', 'Flatten'],
    leaves('Flatten', ['Conv']),
  ),
  behindConv(
    'test_op_transpose',
    'Transpose',
    'Transpose<perm = [0, 2, 3, 1]>(c)',
    ['Conv', 'Transpose'],
    leaves('Transpose', ['Conv']),
  ),
  behindConv(
    'test_op_slice',
    'Slice',
    'Slice(c, zero, one, one)',
    ['Conv', 'Slice'],
    leaves('Slice', ['Conv']),
  ),
  behindConv('test_op_pad', 'Pad', 'Pad(c, pads)', ['Conv', 'Pad'], float('Pad', ['Conv'])),
  behindConv(
    'test_op_argmax',
    'ArgMax',
    'ArgMax<axis = 1>(c)',
    ['Conv', 'ArgMax'],
    float('ArgMax', ['Conv']),
  ),
  {
    file: 'test_op_pad',
    title: 'Pad alone: not triggered',
    input: IMAGE,
    outputs: 'float y',
    constants: SHAPES,
    body: 'y = Pad(x, pads)',
    upstream: [],
    difference: 'none',
  },
  {
    file: 'test_op_where',
    title: 'Where alone: not triggered unless forced',
    input: [4, 16],
    outputs: 'float y',
    constants: `bool[16] c = {${Array(16).fill(1).join()}}, ${floatConstant('v', [16], 1)}`,
    body: 'y = Where(c, x, v)',
    upstream: [],
    difference: 'none',
  },
  {
    file: 'test_op_concat',
    title: 'three convolutions into a Concat',
    input: IMAGE,
    outputs: 'float y',
    constants: ['p', 'q', 'r']
      .map((name, seed) => floatConstant(name, [16, 8, 3, 3], seed + 1, 0.1))
      .join(),
    body: 'a = Conv(x, p)  b = Conv(x, q)  c = Conv(x, r)  d = Concat<axis = 1>(a, b, c)  y = Identity(d)',
    upstream: ['Conv', 'Conv', 'Conv', 'Concat'],
    difference: {
      ours: ['Conv', 'Conv', 'Conv'],
      why: 'Concat at the end of the graph: joining float results is no slower than joining integers and turning them',
    },
  },
  {
    file: 'test_op_squeeze_unsqueeze',
    title: 'Squeeze, Add, Unsqueeze, Add behind three convolutions',
    input: IMAGE,
    outputs: 'float y',
    constants: `${['p', 'q', 'r'].map((name, seed) => floatConstant(name, [16, 8, 3, 3], seed + 1, 0.1)).join()}, int64[1] zero = {0}`,
    body: `a = Conv(x, p)  b = Conv(x, q)  c = Conv(x, r)  d = Squeeze(a, zero)  e = Squeeze(b, zero)
      f = Add(d, e)  g = Unsqueeze(f, zero)  y = Add(g, c)`,
    upstream: ['Conv', 'Conv', 'Conv', 'Squeeze', 'Squeeze', 'Add', 'Unsqueeze', 'Add'],
    difference: {
      ours: ['Conv', 'Conv', 'Conv', 'Squeeze', 'Squeeze', 'Add', 'Unsqueeze'],
      why: 'the last Add writes the result of the graph: on integers it would be rounded once more to save nothing',
    },
  },
  {
    file: 'test_op_split',
    title: 'Reshape and Split behind a convolution',
    input: IMAGE,
    outputs: 'float y, float z',
    constants: `${CONV}, ${SHAPES}`,
    body: 'c = Conv(x, w)  d = Reshape(c, flat)  y, z = Split<axis = 1, num_outputs = 2>(d)',
    upstream: ['Conv', 'Reshape', 'Split'],
    difference: {
      ours: ['Conv', 'Reshape'],
      why: 'Split moves integers; its results leave the graph, and DequantizeLinear before it is no slower than behind',
    },
  },
  {
    file: 'test_op_gavgpool',
    title: 'GlobalAveragePool between convolutions',
    input: IMAGE,
    outputs: 'float y',
    constants: `${CONV}, ${floatConstant('v', [16, 16, 1, 1], 2, 0.2)}`,
    body: 'c = Conv(x, w)  d = GlobalAveragePool(c)  y = Conv(d, v)',
    upstream: ['Conv', 'GlobalAveragePool', 'Conv'],
    difference: 'none',
  },
  {
    file: 'test_op_instance_normalization',
    title: 'InstanceNormalization alone',
    input: IMAGE,
    outputs: 'float y',
    constants: `${floatConstant('g', [8], 1)}, ${floatConstant('h', [8], 2)}`,
    body: 'y = InstanceNormalization(x, g, h)',
    upstream: ['InstanceNormalization'],
    difference: float('InstanceNormalization', []),
  },
  {
    file: 'test_op_conv_transpose',
    title: 'ConvTranspose alone',
    input: IMAGE,
    outputs: 'float y',
    constants: floatConstant('v', [8, 16, 2, 2], 1, 0.2),
    body: 'y = ConvTranspose<strides = [2, 2]>(x, v)',
    upstream: ['ConvTranspose'],
    difference: float('ConvTranspose', []),
  },
  {
    file: 'test_op_topk',
    title: 'TopK behind a convolution',
    input: IMAGE,
    outputs: 'float y',
    constants: `${CONV}, ${SHAPES}`,
    body: 'c = Conv(x, w)  y, indices = TopK(c, one)',
    upstream: ['Conv', 'TopK'],
    difference: float('TopK', ['Conv']),
  },
  {
    file: 'test_op_gather_elems',
    title: 'GatherElements behind a convolution',
    input: IMAGE,
    outputs: 'float y',
    constants: `${CONV}, int64[1, 1, 1, 1] i = {2}`,
    body: 'c = Conv(x, w)  y = GatherElements<axis = 1>(c, i)',
    upstream: ['Conv', 'GatherElements'],
    difference: leaves('GatherElements', ['Conv']),
  },
]

/** Constants that several bodies name. */
export const SHARED = 'float[4] scales = {1, 1, 2, 2}, int64[8] pads = {0, 0, 1, 1, 0, 0, 1, 1}'

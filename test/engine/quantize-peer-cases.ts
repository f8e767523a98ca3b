// What ONNX Runtime's own Python quantizer makes of small graphs, as its unit tests (test/python/quantization/test_op_*.py) state it:
// facts, case by case, beside what is made of them here. Shapes are ours, large enough that nothing is left out for its size.

import { floatConstant } from './model-runs.ts'
import { BEHIND_CONVOLUTION } from './quantize-peer-behind-conv.ts'
import type { PeerCase } from './quantize-peer-case.ts'
import { CONV, IMAGE, SHAPES, float, leaves } from './quantize-peer-case.ts'

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
  ...BEHIND_CONVOLUTION,
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
      ours: ['Conv', 'Conv', 'Conv', 'Squeeze', 'Squeeze'],
      why: 'behind the last layer sums on integers would be rounded once more to save nothing',
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
    difference: {
      ours: ['Conv', 'Transpose', 'Reshape', 'Transpose', 'Reshape'],
      why: 'the runtime has no integer kernel of it: it becomes a convolution of integers, whose pixels are spread out',
    },
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

import type { GradientCase } from '#test/support/gradient-check'

function pool(
  op: string,
  x: string,
  attributes: string,
  sizes: Record<string, number> = {},
): GradientCase {
  const graph = `g (float[${x}] x) => (float y) { y = ${op}<${attributes}>(x) }`
  return { title: `${op} [${x}] ${attributes}`, graph, sizes }
}

function reduce(
  op: string,
  attributes: string,
  axes: string,
  range?: readonly [number, number],
): GradientCase {
  const operands = axes === '' ? 'x' : 'x, axes'
  const constant = axes === '' ? '' : `<int64[${axes.split(',').length}] axes = {${axes}}>`
  const graph = `g (float[2,3,4] x) => (float y) ${constant} { y = ${op}<${attributes}>(${operands}) }`
  const title = `${op} ${attributes} over [${axes}]`
  return range === undefined ? { title, graph } : { title, graph, range }
}

const POSITIVE = [0.5, 2] as const

export const POOLING_CASES: readonly GradientCase[] = [
  pool('AveragePool', '2,2,4,6', 'kernel_shape=[2,2], strides=[2,2]'),
  pool('AveragePool', '1,2,5,5', 'kernel_shape=[3,3], pads=[1,1,1,1]'),
  pool('AveragePool', '1,2,5,5', 'kernel_shape=[3,3], pads=[1,1,1,1], count_include_pad=1'),
  pool('AveragePool', '1,1,7,5', 'kernel_shape=[3,2], strides=[2,3]'),
  pool('AveragePool', '1,2,6,6', 'kernel_shape=[3,3], strides=[2,2], ceil_mode=1'),
  pool('AveragePool', '1,1,6,7', 'kernel_shape=[2,2], dilations=[2,3]'),
  pool('AveragePool', '1,1,5,6', 'kernel_shape=[3,3], strides=[2,2], auto_pad="SAME_UPPER"'),
  pool('AveragePool', '2,2,9', 'kernel_shape=[4], strides=[2], pads=[1,2]'),
  pool('AveragePool', 'N,2,H,W', 'kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]', {
    N: 2,
    H: 5,
    W: 6,
  }),
  pool('MaxPool', '2,2,4,6', 'kernel_shape=[2,2], strides=[2,2]'),
  pool('MaxPool', '1,2,5,5', 'kernel_shape=[3,3], pads=[1,1,1,1]'),
  pool('MaxPool', '1,2,6,5', 'kernel_shape=[3,3], strides=[2,2], ceil_mode=1'),
  pool('MaxPool', '1,1,7,7', 'kernel_shape=[2,2], dilations=[2,2]'),
  pool('MaxPool', '2,2,9', 'kernel_shape=[3], strides=[2]'),
  pool('MaxPool', 'N,C,H,W', 'kernel_shape=[2,2], strides=[2,2]', { N: 2, C: 2, H: 5, W: 4 }),
  pool('LpPool', '1,2,5,6', 'kernel_shape=[2,3], strides=[2,1], p=3'),
  pool('GlobalAveragePool', '2,3,3,4', ''),
  pool('GlobalAveragePool', 'N,3,H,W', '', { N: 2, H: 3, W: 2 }),
  pool('GlobalMaxPool', '2,3,3,4', ''),
  pool('GlobalLpPool', '2,2,3,4', 'p=3'),
]

export const REDUCTION_CASES: readonly GradientCase[] = [
  reduce('ReduceSum', 'keepdims=1', '1'),
  reduce('ReduceSum', 'keepdims=0', '0, -1'),
  reduce('ReduceSum', 'keepdims=0', ''),
  reduce('ReduceSum', 'noop_with_empty_axes=1', ''),
  reduce('ReduceMean', 'keepdims=0', '1, 2'),
  reduce('ReduceMean', 'keepdims=1', '-1'),
  reduce('ReduceMax', 'keepdims=0', '1'),
  reduce('ReduceMax', 'keepdims=1', ''),
  reduce('ReduceMin', 'keepdims=1', '0, 2'),
  reduce('ReduceProd', 'keepdims=0', '2', POSITIVE),
  reduce('ReduceL1', 'keepdims=1', '1'),
  reduce('ReduceL2', 'keepdims=0', '1, 2'),
  reduce('ReduceLogSum', 'keepdims=0', '1', POSITIVE),
  reduce('ReduceLogSumExp', 'keepdims=1', '2'),
  reduce('ReduceSumSquare', 'keepdims=0', '0'),
  {
    title: 'ReduceMean of unknown sizes',
    graph:
      'g (float[N,C,H] x) => (float y) <int64[1] axes = {2}> { y = ReduceMean<keepdims=0>(x, axes) }',
    sizes: { N: 2, C: 3, H: 4 },
  },
  {
    title: 'ReduceMean before opset 18',
    graph: 'g (float[2,3,4] x) => (float y) { y = ReduceMean<axes=[1], keepdims=0>(x) }',
    opset: 17,
  },
]

import type { GradientCase } from '#test/support/gradient-check'

function resize(
  title: string,
  shape: string,
  constants: string,
  operands: string,
  attributes: string,
): GradientCase {
  const graph = `g (float[${shape}] x) => (float y) <${constants}> { y = Resize<${attributes}>(x, ${operands}) }`
  return { title, graph }
}

const TWICE = 'float[4] s = {1, 1, 2, 2}'
const SIZES = 'int64[4] s = {1, 2, 5, 7}'

export const NORMALIZATION_CASES: readonly GradientCase[] = [
  {
    title: 'BatchNormalization with fixed statistics',
    graph: `g (float[2,3,2,2] x, float[3] s, float[3] b) => (float y)
      <float[3] m = {0.1, -0.2, 0.3}, float[3] v = {0.5, 1.0, 2.0}> { y = BatchNormalization(x, s, b, m, v) }`,
  },
  {
    title: 'BatchNormalization with batch statistics',
    graph: `g (float[3,2,2,2] x, float[2] s, float[2] b) => (float y)
      <float[2] m = {0, 0}, float[2] v = {1, 1}> { y, nm, nv = BatchNormalization<training_mode=1>(x, s, b, m, v) }`,
  },
  {
    title: 'BatchNormalization with the statistics that it tells',
    graph: `g (float[3,2,2,2] x, float[2] s, float[2] b) => (float y)
      <float[2] m = {0, 0}, float[2] v = {1, 1}> { y, nm, nv = BatchNormalization<training_mode=1, momentum=0.0>(x, s, b, m, v) }`,
  },
  {
    title: 'BatchNormalization of many channels with the statistics that it tells',
    graph: `g (float[3,9,2] x, float[9] s, float[9] b) => (float y)
      <float[9] m = random(1, 1.0), float[9] v = random(2, 1.0)> { y, nm, nv = BatchNormalization<training_mode=1, momentum=0.0>(x, s, b, m, v) }`,
  },
  {
    title: 'BatchNormalization of a matrix by the batch',
    graph: `g (float[4,9] x, float[9] s, float[9] b) => (float y)
      <float[9] m = random(1, 1.0), float[9] v = random(2, 1.0)> { y, nm, nv = BatchNormalization<training_mode=1, momentum=0.0>(x, s, b, m, v) }`,
  },
  {
    title: 'BatchNormalization of a matrix',
    graph: `g (float[4,3] x, float[3] s, float[3] b) => (float y)
      <float[3] m = {0.1, -0.2, 0.3}, float[3] v = {0.5, 1.0, 2.0}> { y = BatchNormalization(x, s, b, m, v) }`,
  },
  {
    title: 'LayerNormalization',
    graph:
      'g (float[2,3,5] x, float[5] s, float[5] b) => (float y) { y = LayerNormalization(x, s, b) }',
  },
  {
    title: 'LayerNormalization over two axes, without bias',
    graph: 'g (float[3,2,4] x, float[2,4] s) => (float y) { y = LayerNormalization<axis=1>(x, s) }',
  },
  {
    title: 'LayerNormalization of unknown sizes',
    graph:
      'g (float[N,S,4] x, float[4] s, float[4] b) => (float y) { y = LayerNormalization(x, s, b) }',
    sizes: { N: 2, S: 3 },
  },
  {
    title: 'RMSNormalization',
    graph: 'g (float[2,3,5] x, float[5] s) => (float y) { y = RMSNormalization(x, s) }',
    opset: 23,
  },
  {
    title: 'InstanceNormalization',
    graph:
      'g (float[2,3,3,2] x, float[3] s, float[3] b) => (float y) { y = InstanceNormalization(x, s, b) }',
  },
  {
    title: 'GroupNormalization',
    graph:
      'g (float[2,4,3,2] x, float[4] s, float[4] b) => (float y) { y = GroupNormalization<num_groups=2>(x, s, b) }',
  },
  {
    title: 'LpNormalization of order 2',
    graph: 'g (float[2,4,3] x) => (float y) { y = LpNormalization<axis=1>(x) }',
  },
  {
    title: 'LpNormalization of order 1',
    graph: 'g (float[3,4] x) => (float y) { y = LpNormalization<p=1>(x) }',
  },
  {
    title: 'LRN',
    graph:
      'g (float[2,5,2,2] x) => (float y) { y = LRN<size=3, alpha=0.5, beta=0.75, bias=1.0>(x) }',
  },
  {
    title: 'MeanVarianceNormalization',
    graph: 'g (float[2,2,3,2] x) => (float y) { y = MeanVarianceNormalization(x) }',
  },
]

export const RESIZE_CASES: readonly GradientCase[] = [
  resize('Resize nearest, twice', '1,2,3,4', TWICE, '"", s', 'mode="nearest"'),
  resize('Resize nearest to sizes', '1,2,3,4', SIZES, '"", "", s', 'mode="nearest"'),
  resize(
    'Resize nearest, asymmetric',
    '1,2,3,2',
    TWICE,
    '"", s',
    'mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"',
  ),
  resize('Resize linear', '1,2,3,4', TWICE, '"", s', 'mode="linear"'),
  resize(
    'Resize linear, align_corners',
    '1,2,3,4',
    SIZES,
    '"", "", s',
    'mode="linear", coordinate_transformation_mode="align_corners"',
  ),
  resize(
    'Resize linear, smaller',
    '1,2,6,8',
    'float[4] s = {1, 1, 0.5, 0.5}',
    '"", s',
    'mode="linear"',
  ),
  resize(
    'Resize cubic',
    '1,1,4,5',
    SIZES.replace('1, 2, 5, 7', '1, 1, 6, 9'),
    '"", "", s',
    'mode="cubic"',
  ),
  resize(
    'Resize of listed axes',
    '1,2,3,4',
    'float[2] s = {2, 3}',
    '"", s',
    'mode="linear", axes=[2, 3]',
  ),
  {
    title: 'Resize of unknown sizes',
    graph:
      'g (float[N,C,H,W] x) => (float y) <float[4] s = {1, 1, 2, 2}> { y = Resize<mode="linear">(x, "", s) }',
    sizes: { N: 2, C: 2, H: 3, W: 2 },
  },
]

// Axes of operators that move elements.

import type { AxesCase } from './ops-axes-cases-layers.ts'

export const MOVING_CASES: readonly AxesCase[] = [
  {
    title: 'Reshape into heads',
    graph: 'g (float[2,3,8] x) => (float y) <int64[4] s = {2, 3, 2, 4}> { y = Reshape(x, s) }',
    lines: ['y.0 = x.0', 'y.1 = x.1', 'y.2 = x.2[2×4/0]', 'y.3 = x.2[2×4/1]', 'rewrite shape 1'],
  },
  {
    title: 'Reshape out of heads',
    graph: 'g (float[2,3,2,4] x) => (float y) <int64[3] s = {0, 0, -1}> { y = Reshape(x, s) }',
    lines: ['y.0 = x.0', 'y.1 = x.1', 'y.2 = x.2×x.3', 'rewrite shape 1'],
  },
  {
    title: 'Reshape across bounds',
    graph: 'g (float[2,4,6] x) => (float y) <int64[3] s = {2, 6, 4}> { y = Reshape(x, s) }',
    lines: ['freeze x.1', 'freeze x.2', 'y.0 = x.0', 'rewrite shape 1'],
  },
  {
    title: 'Reshape 8×3×6 to 24×6',
    graph: 'g (float[8,3,6] x) => (float y) <int64[2] s = {24, 6}> { y = Reshape(x, s) }',
    lines: ['y.0 = x.0×x.1', 'y.1 = x.2', 'rewrite shape 1'],
  },
  {
    title: 'Flatten',
    graph: 'g (float[2,3,4] x) => (float y) { y = Flatten(x) }',
    lines: ['y.0 = x.0', 'y.1 = x.1×x.2'],
  },
  {
    title: 'Unsqueeze',
    graph: 'g (float[2,3] x) => (float y) <int64[1] a = {1}> { y = Unsqueeze(x, a) }',
    lines: ['y.0 = x.0', 'y.2 = x.1'],
  },
  {
    title: 'Transpose',
    graph: 'g (float[2,3,4] x) => (float y) { y = Transpose<perm=[0,2,1]>(x) }',
    lines: ['y.0 = x.0', 'y.1 = x.2', 'y.2 = x.1'],
  },
  {
    title: 'Expand',
    graph: 'g (float[1,3] x) => (float y) <int64[3] s = {2, 5, 3}> { y = Expand(x, s) }',
    lines: ['y.0 = new1', 'y.1 = new2', 'y.2 = x.1', 'rewrite shape 1'],
  },
  {
    title: 'Tile',
    graph: 'g (float[1,3] x) => (float y) <int64[2] r = {2, 2}> { y = Tile(x, r) }',
    lines: ['y.0 = new1', 'y.1 = x.1+x.1', 'rewrite sizes 1 new1,frozen'],
  },
  {
    title: 'Concat',
    graph: 'g (float[2,3] a, float[2,4] b) => (float y) { y = Concat<axis=1>(a, b) }',
    lines: ['a.0 ~ b.0', 'y.0 = a.0', 'y.1 = a.1+b.1'],
  },
  {
    title: 'Split',
    graph: 'g (float[2,6] x) => (float y, float z) { y, z = Split<axis=1, num_outputs=2>(x) }',
    lines: [
      'y.1 = x.1[0,1,2]',
      'z.1 = x.1[3,4,5]',
      'y.0 = x.0',
      'z.0 = x.0',
      'rewrite sizes 1 x.1[0,1,2],x.1[3,4,5]',
    ],
  },
  {
    title: 'Slice',
    graph:
      'g (float[2,6] x) => (float y) <int64[1] s = {1}, int64[1] e = {-1}, int64[1] a = {1}, int64[1] t = {2}> { y = Slice(x, s, e, a, t) }',
    lines: ['y.0 = x.0', 'y.1 = x.1[1,3]', 'rewrite bounds 1 1,3'],
  },
  {
    title: 'Slice of one index',
    graph:
      'g (float[2,3] x) => (float y) <int64[1] s = {1}, int64[1] e = {2}, int64[1] a = {1}> { y = Slice(x, s, e, a) }',
    lines: ['y.0 = x.0', 'freeze x.1[1]', 'y.1 = x.1[1]', 'rewrite bounds 1 1'],
  },
  {
    title: 'Slice backwards',
    graph:
      'g (float[4] x) => (float y) <int64[1] s = {-1}, int64[1] e = {-9}, int64[1] a = {0}, int64[1] t = {-1}> { y = Slice(x, s, e, a, t) }',
    lines: ['y.0 = x.0[3,2,1,0]', 'rewrite bounds 0 3,2,1,0'],
  },
  {
    title: 'Gather of a constant list',
    graph: 'g (float[2,4] x) => (float y) <int64[3] i = {3, 0, -2}> { y = Gather<axis=1>(x, i) }',
    lines: ['y.0 = x.0', 'y.1 = x.1[3,0,2]', 'rewrite indices 1 x.1'],
  },
  {
    title: 'Gather of rows by token',
    graph: 'g (float[9,4] x, int64[2,3] i) => (float y) { y = Gather(x, i) }',
    lines: ['y.2 = x.1', 'freeze x.0', 'y.0 = i.0', 'y.1 = i.1'],
  },
  {
    title: 'Pad',
    graph: 'g (float[2,3] x) => (float y) <int64[4] p = {0, 1, 0, 2}> { y = Pad(x, p) }',
    lines: ['y.0 = x.0', 'y.1 = new1+x.1+new2', 'rewrite pads 1 new1 new2'],
  },
  {
    title: 'Pad by reflection',
    graph:
      'g (float[2,3] x) => (float y) <int64[4] p = {0, 1, 0, 2}> { y = Pad<mode="reflect">(x, p) }',
    lines: ['y.0 = x.0', 'freeze x.1'],
  },
  {
    title: 'Shape',
    graph: 'g (float[2,3] x) => (int64[2] y) { y = Shape(x) }',
    lines: ['rewrite restore'],
  },
  {
    title: 'TopK',
    graph: 'g (float[2,5] x) => (float y) <int64[1] k = {2}> { y, i = TopK(x, k) }',
    lines: ['y.0 = x.0', 'i.0 = x.0', 'freeze x.1'],
  },
]

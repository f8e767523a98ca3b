// Upgrades from opset 6 and before, which the runtime has few kernels for: held against the same graph written for opset 21.

import type { UpgradeCase } from './upgrade-cases.ts'

export const OLD_CASES: readonly UpgradeCase[] = [
  {
    name: 'opset 6: operands aligned at an axis',
    opset: 6,
    graph: `g (float[2, 3, 4] x, float[3] b) => (float[2, 3, 4] y, float[2, 3, 4] z) {
      y = Add <broadcast = 1, axis = 1> (x, b) p = Mul <broadcast = 1, axis = -2> (x, b) z = Sub(p, x) }`,
    reference: `g (float[2, 3, 4] x, float[3] b) => (float[2, 3, 4] y, float[2, 3, 4] z) <int64[1] i = {1}> {
      c = Unsqueeze(b, i) y = Add(x, c) p = Mul(x, c) z = Sub(p, x) }`,
    changed: ['Add', 'Mul'],
  },
  {
    name: 'opset 6: a slope for each channel',
    opset: 6,
    graph: 'g (float[2, 3, 4] x, float[3] s) => (float[2, 3, 4] y) { y = PRelu(x, s) }',
    reference: `g (float[2, 3, 4] x, float[3] s) => (float[2, 3, 4] y) <int64[1] i = {1}> { t = Unsqueeze(s, i) y = PRelu(x, t) }`,
    changed: ['PRelu'],
  },
  {
    name: 'opset 6: flags of training, Gemm with broadcast',
    opset: 6,
    graph: `g (float[2, 3] x, float[3, 3] w, float[3] c) => (float[2, 3] y)
      <float[3] s = {1, 2, 3}, float[3] b = {0, 1, 2}, float[3] m = {0, 0, 1}, float[3] v = {1, 2, 3}> {
      a = Gemm <broadcast = 1> (x, w, c) n = BatchNormalization <is_test = 1> (a, s, b, m, v)
      y = Dropout <is_test = 1> (n) }`,
    reference: `g (float[2, 3] x, float[3, 3] w, float[3] c) => (float[2, 3] y)
      <float[3] s = {1, 2, 3}, float[3] b = {0, 1, 2}, float[3] m = {0, 0, 1}, float[3] v = {1, 2, 3}> {
      a = Gemm(x, w, c) y = BatchNormalization(a, s, b, m, v) }`,
    changed: ['Gemm', 'BatchNormalization', 'Dropout'],
  },
  {
    name: 'opset 1: Reshape, Concat, Cast, Pad, Split, Relu, LpPool',
    opset: 1,
    graph: `g (float[2, 4] x) => (float[4, 4] y, float[?, ?] z, float[?, ?] a, float[?, ?] b) <int64[2] sizes = {1, 3}> {
      r = Relu <consumed_inputs = [0]> (x) c = Concat(r, x) y = Reshape <shape = [4, 4]> (c) i = Cast <to = "INT32"> (x)
      f = Cast <to = "float"> (i) z = Pad <paddings = [1, 0, 0, 2], value = 3.0> (f) a, b = Split <axis = 1> (x, sizes) }`,
    reference: `g (float[2, 4] x) => (float[4, 4] y, float[?, ?] z, float[?, ?] a, float[?, ?] b)
      <int64[2] sizes = {1, 3}, int64[2] shape = {4, 4}, int64[4] pads = {1, 0, 0, 2}, float three = {3}> {
      r = Relu(x) c = Concat <axis = 1> (r, x) y = Reshape(c, shape) i = Cast <to = 6> (x) f = Cast <to = 1> (i)
      z = Pad(f, pads, three) a, b = Split <axis = 1> (x, sizes) }`,
    changed: ['Relu', 'Concat', 'Reshape', 'Cast', 'Pad', 'Split'],
  },
  {
    name: 'opset 5: Tile along one axis',
    opset: 5,
    graph:
      'g (float[2, 3] x) => (float[2, 6] y) <float count = {2}, int64 axis = {1}> { y = Tile(x, count, axis) }',
    reference: 'g (float[2, 3] x) => (float[2, 6] y) <int64[2] r = {1, 2}> { y = Tile(x, r) }',
    changed: ['Tile'],
  },
]

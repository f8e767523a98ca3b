/** Tensors of 12 GB and more, each made another way. */
export const TOO_LARGE: Readonly<Record<string, string>> = {
  ConstantOfShape: 'g () => (y) <int64[1] n = {3000000000}> { y = ConstantOfShape(n) }',
  Expand: 'g (float[1] x) => (y) <int64[2] n = {100000, 100000}> { y = Expand(x, n) }',
  Tile: 'g (float[10] x) => (y) <int64[1] n = {1000000000}> { y = Tile(x, n) }',
  Pad: 'g (float[10] x) => (y) <int64[2] n = {0, 9000000000}> { y = Pad(x, n) }',
  Range: `g () => (y) <float a = {0}, float b = {4000000000}, float d = {1}> { y = Range(a, b, d) }`,
  Resize: `g (float[1, 1, 8, 8] x) => (y) <float[4] s = {1, 1, 100000, 100000}> { y = Resize(x, "", s) }`,
  OneHot: `g (int64[10] x) => (y) <int64 n = {1000000000}, float[2] v = {0, 1}> { y = OneHot(x, n, v) }`,
  ConvTranspose: `g (float[1, 1, 8, 8] x) => (y) <float[1, 1, 1, 1] w = {1}> {
    y = ConvTranspose <strides = [100000, 100000]> (x, w) }`,
  'arithmetic on shapes': `g (float[100000, 1] x) => (y) <int64[2] factor = {1, 100000}> { s = Shape(x) n = Mul(s, factor)
    y = Expand(x, n) }`,
}

// Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004): within a Gaussian window around each pixel,
// (2·μx·μy + C1)(2·σxy + C2) / ((μx² + μy² + C1)(σx² + σy² + C2)), averaged over pixels whose window lies inside.

/** Side of the window, its standard deviation, K1 and K2 of the paper. */
export const WINDOW = 11
const SIGMA = 1.5
const K1 = 0.01
const K2 = 0.03

const WEIGHTS = gaussian()

function gaussian(): Float64Array {
  const middle = (WINDOW - 1) / 2
  const weights = Float64Array.from({ length: WINDOW }, (_, index) =>
    Math.exp(-((index - middle) ** 2) / (2 * SIGMA * SIGMA)),
  )
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

/** One channel of a picture. */
export interface Plane {
  readonly height: number
  readonly width: number
  /** Row by row. */
  readonly pixels: Float64Array
}

/** @param range L: greatest minus least possible value */
export function structuralSimilarity(one: Plane, other: Plane, range: number): number {
  const c1 = (K1 * range) ** 2
  const c2 = (K2 * range) ** 2
  const { pixels: x } = one
  const { pixels: y } = other
  const meanX = blur(one, x)
  const meanY = blur(one, y)
  const squareX = blur(
    one,
    x.map((value) => value * value),
  )
  const squareY = blur(
    one,
    y.map((value) => value * value),
  )
  const product = blur(
    one,
    x.map((value, index) => value * y[index]!),
  )
  let sum = 0
  for (let at = 0; at < meanX.length; at += 1) {
    const [mx, my] = [meanX[at]!, meanY[at]!]
    const spread = squareX[at]! - mx * mx + squareY[at]! - my * my
    const common = product[at]! - mx * my
    sum += ((2 * mx * my + c1) * (2 * common + c2)) / ((mx * mx + my * my + c1) * (spread + c2))
  }
  return sum / meanX.length
}

/** Weighted means of all windows inside: rows first, then columns. */
function blur({ height, width }: Plane, pixels: Float64Array): Float64Array {
  const columns = width - WINDOW + 1
  const rows = height - WINDOW + 1
  const across = new Float64Array(height * columns)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      let sum = 0
      for (let tap = 0; tap < WINDOW; tap += 1) sum += WEIGHTS[tap]! * pixels[y * width + x + tap]!
      across[y * columns + x] = sum
    }
  }
  const blurred = new Float64Array(rows * columns)
  for (let tap = 0; tap < WINDOW; tap += 1) {
    const weight = WEIGHTS[tap]!
    const offset = tap * columns
    for (let at = 0; at < blurred.length; at += 1) blurred[at]! += weight * across[offset + at]!
  }
  return blurred
}

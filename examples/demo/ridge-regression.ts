// Ridge regression in closed form: W = (XᵀX + λI)⁻¹ XᵀY, solved by Cholesky decomposition in float64.

/** `features` [count, width] and `targets` [count, outputs], row-major. Returns W [width, outputs]. */
export function ridgeRegression(
  features: Float32Array,
  targets: Float32Array,
  width: number,
  outputs: number,
  lambda: number,
): Float32Array {
  const count = features.length / width
  const gram = new Float64Array(width * width)
  const moment = new Float64Array(width * outputs)
  for (let sample = 0; sample < count; sample += 1) {
    const row = features.subarray(sample * width, (sample + 1) * width)
    const target = targets.subarray(sample * outputs, (sample + 1) * outputs)
    for (let i = 0; i < width; i += 1) {
      const value = row[i]!
      if (value === 0) continue
      for (let j = 0; j <= i; j += 1) gram[i * width + j]! += value * row[j]!
      for (let k = 0; k < outputs; k += 1) moment[i * outputs + k]! += value * target[k]!
    }
  }
  for (let i = 0; i < width; i += 1) gram[i * width + i]! += lambda
  decompose(gram, width)
  solve(gram, moment, width, outputs)
  return Float32Array.from(moment)
}

/** In place: the lower triangle becomes L with L·Lᵀ = A. */
function decompose(matrix: Float64Array, size: number): void {
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = matrix[i * size + j]!
      for (let k = 0; k < j; k += 1) sum -= matrix[i * size + k]! * matrix[j * size + k]!
      matrix[i * size + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * size + j]!
    }
  }
}

/** In place: L·Lᵀ·X = B by forward, then backward substitution. */
function solve(lower: Float64Array, right: Float64Array, size: number, columns: number): void {
  for (let column = 0; column < columns; column += 1) {
    for (let i = 0; i < size; i += 1) {
      let sum = right[i * columns + column]!
      for (let k = 0; k < i; k += 1) sum -= lower[i * size + k]! * right[k * columns + column]!
      right[i * columns + column] = sum / lower[i * size + i]!
    }
    for (let i = size - 1; i >= 0; i -= 1) {
      let sum = right[i * columns + column]!
      for (let k = i + 1; k < size; k += 1)
        sum -= lower[k * size + i]! * right[k * columns + column]!
      right[i * columns + column] = sum / lower[i * size + i]!
    }
  }
}

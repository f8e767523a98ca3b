// Systems with one symmetric positive definite matrix and many right sides, by Cholesky's factorisation.

/** The mean of the diagonal. */
export function meanDiagonal(gram: Float64Array, size: number): number {
  let trace = 0
  for (let index = 0; index < size; index += 1) trace += gram[index * size + index] ?? 0
  return trace / Math.max(1, size)
}

/** L with G + damping·1 = L·Lᵀ, row by row; `null` when the sum is not positive definite. */
export function choleskyFactor(
  gram: Float64Array,
  size: number,
  damping: number,
): Float64Array | null {
  const factor = new Float64Array(size * size)
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = gram[row * size + column] ?? 0
      if (row === column) sum += damping
      const [left, right] = [row * size, column * size]
      for (let index = 0; index < column; index += 1) {
        sum -= (factor[left + index] ?? 0) * (factor[right + index] ?? 0)
      }
      if (row === column) {
        if (!(sum > 0)) return null
        factor[left + row] = Math.sqrt(sum)
      } else factor[left + column] = sum / (factor[right + column] ?? 1)
    }
  }
  return factor
}

/** x of L·Lᵀ·x = b. */
export function solveFactored(factor: Float64Array, right: Float64Array): Float64Array {
  const size = right.length
  const solution = Float64Array.from(right)
  for (let row = 0; row < size; row += 1) {
    let sum = solution[row] ?? 0
    for (let index = 0; index < row; index += 1) {
      sum -= (factor[row * size + index] ?? 0) * (solution[index] ?? 0)
    }
    solution[row] = sum / (factor[row * size + row] ?? 1)
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = solution[row] ?? 0
    for (let index = row + 1; index < size; index += 1) {
      sum -= (factor[index * size + row] ?? 0) * (solution[index] ?? 0)
    }
    solution[row] = sum / (factor[row * size + row] ?? 1)
  }
  return solution
}

// The upper triangular U with H⁻¹ = Uᵀ·U, diagonal positive: the Cholesky factor of the inverse, without inverting. From H = R·Rᵀ with R upper
// triangular, found from the last row up, follows H⁻¹ = (R⁻¹)ᵀ·R⁻¹, so that U = R⁻¹: two thirds n³ operations, not five thirds.

/** @returns `null` when H, symmetric and [n, n], is not positive definite in double precision. H is left as it was. */
export function inverseFactor(matrix: Float64Array, n: number): Float64Array | null {
  const root = upperRoot(matrix, n)
  return root === null ? null : inverseOfUpper(root, n)
}

/** R_jj = √(H_jj − Σ_k>j R_jk²), R_ij = (H_ij − Σ_k>j R_ik·R_jk) / R_jj for i < j. Rows are contiguous in every sum. */
function upperRoot(matrix: Float64Array, n: number): Float64Array | null {
  const root = new Float64Array(n * n)
  for (let j = n - 1; j >= 0; j -= 1) {
    const rowJ = root.subarray(j * n, (j + 1) * n)
    let rest = matrix[j * n + j] ?? 0
    for (let k = j + 1; k < n; k += 1) rest -= (rowJ[k] ?? 0) ** 2
    if (!(rest > 0)) return null
    const diagonal = Math.sqrt(rest)
    rowJ[j] = diagonal
    for (let i = 0; i < j; i += 1) {
      const rowI = root.subarray(i * n, (i + 1) * n)
      let sum = matrix[i * n + j] ?? 0
      for (let k = j + 1; k < n; k += 1) sum -= (rowI[k] ?? 0) * (rowJ[k] ?? 0)
      rowI[j] = sum / diagonal
    }
  }
  return root
}

/** Row by row: u·R = eᵢ, from the left. */
function inverseOfUpper(root: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n)
  for (let i = 0; i < n; i += 1) {
    const row = inverse.subarray(i * n, (i + 1) * n)
    row[i] = 1
    for (let k = i; k < n; k += 1) {
      const value = (row[k] ?? 0) / (root[k * n + k] ?? 1)
      row[k] = value
      if (value === 0) continue
      const rowK = root.subarray(k * n, (k + 1) * n)
      for (let j = k + 1; j < n; j += 1) row[j] = (row[j] ?? 0) - value * (rowK[j] ?? 0)
    }
  }
  return inverse
}

// Slow, plain forms of the algorithms for weight-only quantization, to compare with: textbook loops in double precision on small matrices.

export type Matrix = readonly (readonly number[])[]

export function transposed(matrix: Matrix): number[][] {
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? 0))
}

export function product(left: Matrix, right: Matrix): number[][] {
  const columns = transposed(right)
  return left.map((row) =>
    columns.map((column) => row.reduce((sum, value, index) => sum + value * column[index]!, 0)),
  )
}

/** By Gauss and Jordan, with pivots. */
export function inverse(matrix: Matrix): number[][] {
  const n = matrix.length
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  for (let column = 0; column < n; column += 1) {
    const best = rows
      .slice(column)
      .reduce((most, row) => (Math.abs(row[column]!) > Math.abs(most[column]!) ? row : most))
    rows.splice(rows.indexOf(best), 1)
    const pivot = best.map((value) => value / best[column]!)
    rows.splice(column, 0, pivot)
    for (const [index, row] of rows.entries()) {
      if (index === column) continue
      rows[index] = row.map((value, at) => value - row[column]! * pivot[at]!)
    }
  }
  return rows.map((row) => row.slice(n))
}

/** Lower triangular L with A = L·Lᵀ. */
export function cholesky(matrix: Matrix): number[][] {
  const n = matrix.length
  const lower = matrix.map(() => new Array<number>(n).fill(0))
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = matrix[i]![j]!
      for (let k = 0; k < j; k += 1) sum -= lower[i]![k]! * lower[j]![k]!
      lower[i]![j] = i === j ? Math.sqrt(sum) : sum / lower[j]![j]!
    }
  }
  return lower
}

/** Symmetric codes of `bits` bits with scales of extremes: the numbers that a block becomes. */
export function roundedBlock(values: readonly number[], bits: number): number[] {
  const scale = scaleOf(values, bits)
  return values.map((value) => roundedWith(value, scale, bits))
}

function scaleOf(values: readonly number[], bits: number): number {
  const middle = 2 ** (bits - 1)
  const scale = Math.max(Math.max(0, ...values) / (middle - 1), -Math.min(0, ...values) / middle)
  return scale === 0 ? 1 : Math.fround(scale)
}

function roundedWith(value: number, scale: number, bits: number): number {
  const middle = 2 ** (bits - 1)
  return scale * Math.max(-middle, Math.min(middle - 1, Math.floor(value / scale + 0.5)))
}

/**
 * GPTQ of W [inputs, outputs] as its paper writes it, one output at a time and every later input corrected at once, with the
 * Cholesky factor of the explicit inverse.
 */
export function plainGptq(
  weight: Matrix,
  gram: Matrix,
  { bits, blockSize, damping }: { bits: number; blockSize: number; damping: number },
): number[][] {
  const n = weight.length
  const mean = gram.reduce((sum, row, i) => sum + row[i]!, 0) / n
  const hessian = gram.map((row, i) => row.map((v, j) => (i === j ? v + damping * mean : v)))
  const upper = transposed(cholesky(inverse(hessian)))
  const columns = transposed(weight).map((column) => {
    const rest = [...column]
    const rounded: number[] = []
    let scale = 1
    for (let i = 0; i < n; i += 1) {
      if (i % blockSize === 0) scale = scaleOf(rest.slice(i, i + blockSize), bits)
      const value = roundedWith(rest[i]!, scale, bits)
      rounded.push(value)
      const error = (rest[i]! - value) / upper[i]![i]!
      for (let j = i; j < n; j += 1) rest[j] = rest[j]! - error * upper[i]![j]!
    }
    return rounded
  })
  return transposed(columns)
}

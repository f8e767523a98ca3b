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

/** Half-quadratic scale and zero point of a block, in the paper's steps with powers as they are. */
export function plainHalfQuadratic(
  values: readonly number[],
  isSymmetric: boolean,
): { scale: number; zero: number; norm: number } {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)]
  const fit = (share: number): { scale: number; zero: number } => {
    const scale = Math.fround(
      isSymmetric ? Math.max((share * high) / 7, (-share * low) / 8) : (share * (high - low)) / 15,
    )
    return { scale, zero: isSymmetric ? 8 : Math.round((-share * low) / scale) }
  }
  const code = (value: number, scale: number, zero: number): number =>
    Math.max(0, Math.min(15, Math.floor(value / scale + zero + 0.5)))
  const unit = fit(1).scale
  let best = { scale: 1, zero: 0, norm: Infinity }
  for (const share of [1, 0.85, 0.7]) {
    let { scale, zero } = fit(share)
    let last = Infinity
    for (let step = 0; step <= 20; step += 1) {
      const codes = values.map((value) => code(value, scale, zero))
      const errors = values.map((value, at) => (value - scale * (codes[at]! - zero)) / unit)
      const norm = errors.reduce((sum, error) => sum + Math.abs(error) ** 0.7, 0)
      if (norm >= last) break
      last = norm
      if (norm < best.norm) best = { scale, zero, norm }
      const beta = 10 * 1.01 ** step
      const targets = values.map((value, at) => {
        const size = Math.abs(errors[at]!)
        const kept = size === 0 ? 0 : Math.max(0, size - size ** -0.3 / beta)
        return value - Math.sign(errors[at]!) * kept * unit
      })
      if (!isSymmetric) {
        const mean = targets.reduce((sum, t, at) => sum + codes[at]! - t / scale, 0) / values.length
        zero = Math.max(0, Math.min(15, Math.round(mean)))
      }
      const steps = codes.map((own) => own - zero)
      const product = steps.reduce((sum, own, at) => sum + own * targets[at]!, 0)
      const solved = product / steps.reduce((sum, own) => sum + own * own, 0)
      if (solved > 0) scale = Math.fround(solved)
    }
  }
  return best
}

/** AWQ's search with the inputs themselves: the least ‖X·(W − Ŵ)‖² over r, and its scales; `null` for none. */
export function plainAwq(
  inputs: Matrix,
  weight: Matrix,
  blockSize: number,
): { scales: number[] | null; loss: number; plain: number } {
  const rounded = (scales: readonly number[]): number[][] => {
    const columns = transposed(weight).map((column) => {
      const scaled = column.map((value, at) => Math.fround(value * scales[at]!))
      const blocks = Array.from({ length: column.length / blockSize }, (_, block) =>
        roundedBlock(scaled.slice(block * blockSize, (block + 1) * blockSize), 4),
      )
      return blocks.flat().map((value, at) => value / scales[at]!)
    })
    return transposed(columns)
  }
  const lossOf = (scales: readonly number[]): number => {
    const other = rounded(scales)
    const errors = weight.map((row, i) => row.map((value, j) => value - other[i]![j]!))
    return product(inputs, errors)
      .flat()
      .reduce((sum, value) => sum + value * value, 0)
  }
  const size = weight.length
  const energy = Array.from({ length: size }, (_, channel) =>
    Math.sqrt(inputs.reduce((sum, row) => sum + row[channel]! ** 2, 0) / inputs.length),
  )
  const shares = weight.map((row, channel) => {
    const first = Math.floor(channel / blockSize) * blockSize
    const block = weight.slice(first, first + blockSize)
    const parts = row.map((value, j) => {
      return Math.abs(value) / Math.max(...block.map((other) => Math.abs(other[j]!)))
    })
    return parts.reduce((sum, part) => sum + part, 0) / row.length
  })
  const plain = lossOf(energy.map(() => 1))
  let best: { scales: number[] | null; loss: number } = { scales: null, loss: plain }
  for (let step = 0; step <= 20; step += 1) {
    const r = step / 20
    const raw = energy.map((own, at) => Math.max(1e-4, own ** r / (shares[at]! + 1e-4) ** (1 - r)))
    const middle = Math.sqrt(Math.max(...raw) * Math.min(...raw))
    const scales = raw.map((value) => Math.fround(value / middle))
    const loss = lossOf(scales)
    if (loss < best.loss) best = { scales, loss }
  }
  return { ...best, plain }
}

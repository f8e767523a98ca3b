// The matrix of rank r that is nearest to a weight W [outputs, inputs], as a product of two: the one whose outputs W′·x are nearest to
// W·x where G = Σ x·xᵀ is known, else the one of nearest elements (Eckart and Young 1936). With C = W·G·Wᵀ and U its first r
// eigenvectors, W′ = U·(Uᵀ·W). Where there are fewer inputs than outputs the same comes from Lᵀ·Wᵀ·W·L with G = L·Lᵀ and its
// eigenvectors V: W′ = (W·L·V)·(Vᵀ·L⁻¹).

import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { choleskyFactor, meanDiagonal } from '../prune/repair/solve-symmetric.ts'

export interface LowRank {
  /** [outputs, rank] */
  readonly left: Matrix
  /** [rank, inputs] */
  readonly right: Matrix
}

export interface Spectrum {
  /** Energy in each direction, the largest first. */
  readonly energies: readonly number[]
  /** Of the first directions. */
  factors(rank: number): LowRank
}

/** λ as a share of the mean of G's diagonal: directions that no sample shows are not free. */
const DAMPING = 1e-4

/** `gram`: [inputs, inputs]; `null` where nothing is known of the inputs. Or why it cannot be had. */
export function spectrumOf(weight: Matrix, gram: Float64Array | null): Spectrum | string {
  const moments = gram === null ? null : damped(gram, weight.columns)
  return weight.rows <= weight.columns ? byOutputs(weight, moments) : byInputs(weight, moments)
}

function damped(gram: Float64Array, size: number): Matrix {
  const matrix = Matrix.from1DArray(size, size, gram)
  const damping = DAMPING * meanDiagonal(gram, size)
  for (let at = 0; at < size; at += 1) matrix.set(at, at, matrix.get(at, at) + damping)
  return matrix
}

function byOutputs(weight: Matrix, moments: Matrix | null): Spectrum | string {
  const seen = moments === null ? weight : weight.mmul(moments)
  const found = eigenvectors(seen.mmul(weight.transpose()))
  if (typeof found === 'string') return found
  return {
    energies: found.values,
    factors: (rank) => {
      const left = found.vectors(rank)
      return { left, right: left.transpose().mmul(weight) }
    },
  }
}

function byInputs(weight: Matrix, moments: Matrix | null): Spectrum | string {
  const factor = moments === null ? Matrix.eye(weight.columns) : lowerFactor(moments)
  if (typeof factor === 'string') return factor
  const seen = weight.mmul(factor)
  const found = eigenvectors(seen.transpose().mmul(seen))
  if (typeof found === 'string') return found
  return {
    energies: found.values,
    factors: (rank) => {
      const vectors = found.vectors(rank)
      return { left: seen.mmul(vectors), right: solveTransposed(factor, vectors).transpose() }
    },
  }
}

function lowerFactor(moments: Matrix): Matrix | string {
  const size = moments.rows
  const factor = choleskyFactor(Float64Array.from(moments.to1DArray()), size, 0)
  return factor === null ? 'its inputs vary too little' : Matrix.from1DArray(size, size, factor)
}

/** Z with Lᵀ·Z = V. */
function solveTransposed(factor: Matrix, vectors: Matrix): Matrix {
  const size = factor.rows
  const solved = vectors.clone()
  for (let row = size - 1; row >= 0; row -= 1) {
    for (let column = 0; column < solved.columns; column += 1) {
      let sum = solved.get(row, column)
      for (let below = row + 1; below < size; below += 1) {
        sum -= factor.get(below, row) * solved.get(below, column)
      }
      solved.set(row, column, sum / factor.get(row, row))
    }
  }
  return solved
}

interface Eigenvectors {
  readonly values: readonly number[]
  /** As columns. */
  vectors(count: number): Matrix
}

function eigenvectors(symmetric: Matrix): Eigenvectors | string {
  const even = Matrix.add(symmetric, symmetric.transpose()).mul(0.5)
  if (!even.to1DArray().every(Number.isFinite)) return 'its weights or inputs are not finite'
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(even, {
    assumeSymmetric: true,
  })
  const order = realEigenvalues
    .map((value, index) => ({ value, index }))
    .toSorted((one, other) => other.value - one.value)
  return {
    values: order.map(({ value }) => Math.max(0, value)),
    vectors: (count) => {
      const chosen = order.slice(0, count).map(({ index }) => index)
      return new Matrix(eigenvectorMatrix.rows, chosen.length).apply(function fill(row, column) {
        this.set(row, column, eigenvectorMatrix.get(row, chosen[column] ?? 0))
      })
    },
  }
}

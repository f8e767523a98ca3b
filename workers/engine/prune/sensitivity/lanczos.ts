// The eigenvalue of largest absolute value of a symmetric matrix that is known by its products alone (Lanczos 1950): the matrix in the
// space of v, H·v, H²·v, … is tridiagonal, and its outer eigenvalues are near those of H after few products. Power iteration needs many
// where the two largest are near one another, and seems to have arrived long before. Vectors are not made orthogonal anew: what that
// loses repeats eigenvalues, and moves none of the outer ones.

export interface TopEigenvalue {
  readonly value: number
  readonly products: number
  /** Whether H has an eigenvalue within the tolerance of this one. */
  readonly converged: boolean
}

export interface LanczosLimits {
  readonly products: number
  /** Share of the eigenvalue. */
  readonly tolerance: number
}

/** `start`: any vector but 0. */
export async function topEigenvalue(
  multiply: (direction: Float32Array) => Promise<Float64Array>,
  start: Float32Array,
  limits: LanczosLimits,
): Promise<TopEigenvalue> {
  const diagonal: number[] = []
  const beside: number[] = []
  let before: Float32Array = new Float32Array(start.length)
  let direction = divided(start, norm(start))
  let found = 0
  while (diagonal.length < limits.products) {
    const product = await multiply(direction)
    const back = beside.at(-1) ?? 0
    const own = dot(product, direction)
    for (const at of product.keys()) {
      product[at] = (product[at] ?? 0) - own * (direction[at] ?? 0) - back * (before[at] ?? 0)
    }
    const next = norm(product)
    diagonal.push(own)
    found = outermost(diagonal, beside)
    // |H·y − θ·y| of the vector y that θ belongs to.
    const residual = next * lastShare(diagonal, beside, found)
    if (residual <= limits.tolerance * Math.abs(found)) {
      return { value: found, products: diagonal.length, converged: true }
    }
    beside.push(next)
    before = direction
    direction = divided(product, next)
  }
  return { value: found, products: diagonal.length, converged: false }
}

const HALVINGS = 60

/** Of the tridiagonal matrix. */
function outermost(diagonal: readonly number[], beside: readonly number[]): number {
  const radii = diagonal.map((_, at) => Math.abs(beside[at - 1] ?? 0) + Math.abs(beside[at] ?? 0))
  const low = Math.min(...diagonal.map((own, at) => own - (radii[at] ?? 0)))
  const high = Math.max(...diagonal.map((own, at) => own + (radii[at] ?? 0)))
  const bound = (wanted: number): number => {
    let [from, to] = [low, high]
    for (let round = 0; round < HALVINGS; round += 1) {
      const middle = (from + to) / 2
      if (countBelow(diagonal, beside, middle) >= wanted) to = middle
      else from = middle
    }
    return (from + to) / 2
  }
  const [least, most] = [bound(1), bound(diagonal.length)]
  return Math.abs(least) > Math.abs(most) ? least : most
}

/** Eigenvalues below a bound are the negative pivots (Sturm). */
function countBelow(diagonal: readonly number[], beside: readonly number[], bound: number): number {
  let [count, pivot] = [0, 1]
  for (const [at, own] of diagonal.entries()) {
    const square = at === 0 ? 0 : (beside[at - 1] ?? 0) ** 2
    pivot = own - bound - square / (pivot === 0 ? Number.MIN_VALUE : pivot)
    if (pivot < 0) count += 1
  }
  return count
}

/** The last element of the eigenvector, as a share of its length. */
function lastShare(diagonal: readonly number[], beside: readonly number[], value: number): number {
  let [before, own, square] = [0, 1, 1]
  for (const [at, pivot] of diagonal.slice(0, -1).entries()) {
    const next = ((value - pivot) * own - (beside[at - 1] ?? 0) * before) / (beside[at] ?? 1)
    ;[before, own] = [own, next]
    square += own ** 2
  }
  return Math.abs(own) / Math.sqrt(square)
}

function dot(one: Float64Array, other: Float32Array): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0)
}

function norm(vector: Float32Array | Float64Array): number {
  let square = 0
  for (const value of vector) square += value ** 2
  return Math.sqrt(square)
}

function divided(vector: Float32Array | Float64Array, by: number): Float32Array {
  return Float32Array.from(vector, (value) => value / by)
}

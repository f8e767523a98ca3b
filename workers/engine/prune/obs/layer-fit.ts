// What the weights of a layer are to be fitted to: outputs of the original, from what the layer sees by now. With H = Σ x·xᵀ + λ and
// b = Σ x·x₀ᵀ·w₀ + λ·w₀, the error of an output with weights w is (w − H⁻¹b)ᵀ·H·(w − H⁻¹b) more than the least there can be.
// Where the layer has a bias to take up means, moments are those around them.

import { floatValues } from '#src/onnx/tensor-values'
import type { WeightReading } from '../reading-layers.ts'
import { meanDiagonal } from '../repair/solve-symmetric.ts'
import type { LayerMoments } from './stage-moments.ts'

/**
 * λ as a share of the mean of the diagonal: it pulls towards the old weights where the data say little. On some hundred samples a tenth
 * errs less on others than a hundredth, which is what SparseGPT takes on a hundred thousand tokens.
 */
const DAMPING = 0.1

/** Of one group of channels. */
export interface LayerFit {
  readonly rows: number
  readonly inputs: number
  /** H, [inputs, inputs]. */
  readonly hessian: Float64Array
  /** b, [rows, inputs]. */
  readonly targets: Float64Array
  /** [rows, inputs], as they were. */
  readonly weights: Float64Array
  /** Mean of what is seen now, and in the original. */
  readonly means: readonly [Float64Array, Float64Array]
}

/** One for each group; `null` where what the layer sees says nothing. */
export function layerFits(
  reading: WeightReading,
  moments: LayerMoments,
  isCentred: boolean,
): LayerFit[] | null {
  const { groups, inputs } = moments
  const all = floatValues(reading.tensor)
  const inputsFirst = hasInputsFirst(reading)
  const rows = all.length / inputs / groups
  const fits: LayerFit[] = []
  for (let group = 0; group < groups; group += 1) {
    const weights = new Float64Array(rows * inputs)
    for (let row = 0; row < rows; row += 1) {
      for (let input = 0; input < inputs; input += 1) {
        const at = inputsFirst ? input * rows + row : (group * rows + row) * inputs + input
        weights[row * inputs + input] = all[at] ?? 0
      }
    }
    const own = momentsOf(moments.own, group, inputs, isCentred)
    const cross = momentsOf(moments.cross, group, inputs, isCentred)
    const damping = DAMPING * meanDiagonal(own.matrix, inputs)
    if (!(damping > 0) || !Number.isFinite(damping)) return null
    const targets = timesRows(cross.matrix, weights, rows, inputs)
    for (let at = 0; at < targets.length; at += 1) {
      targets[at] = (targets[at] ?? 0) + damping * (weights[at] ?? 0)
    }
    for (let at = 0; at < inputs; at += 1) {
      own.matrix[at * inputs + at] = (own.matrix[at * inputs + at] ?? 0) + damping
    }
    const means = [own.left, cross.right] as const
    fits.push({ rows, inputs, hessian: own.matrix, targets, weights, means })
  }
  return fits
}

/** In the order of the tensor. */
export function tensorOrder(
  rowsOfGroups: readonly Float64Array[],
  inputs: number,
  reading: WeightReading,
): Float32Array {
  const [first] = rowsOfGroups
  if (hasInputsFirst(reading) && first !== undefined) {
    const rows = first.length / inputs
    return Float32Array.from(first, (_, at) => {
      return first[(at % rows) * inputs + Math.floor(at / rows)] ?? 0
    })
  }
  const length = rowsOfGroups.reduce((sum, part) => sum + part.length, 0)
  const all = new Float32Array(length)
  let at = 0
  for (const part of rowsOfGroups) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** [K, N]; convolutions and [N, K] hold the inputs of an output together. */
function hasInputsFirst({ axis, channels }: WeightReading): boolean {
  return channels === -1 && axis === 0
}

interface Moments {
  readonly matrix: Float64Array
  readonly left: Float64Array
  readonly right: Float64Array
}

/** Without the ones: the matrix, and means of its left and right factors. */
function momentsOf(
  values: Float64Array,
  group: number,
  inputs: number,
  isCentred: boolean,
): Moments {
  const side = inputs + 1
  const start = group * side * side
  const entry = (row: number, column: number) => values[start + row * side + column] ?? 0
  const count = Math.max(1, entry(inputs, inputs))
  const left = Float64Array.from({ length: inputs }, (_, row) => entry(row, inputs) / count)
  const right = Float64Array.from({ length: inputs }, (_, column) => entry(inputs, column) / count)
  const matrix = new Float64Array(inputs * inputs)
  for (let row = 0; row < inputs; row += 1) {
    const mean = isCentred ? count * (left[row] ?? 0) : 0
    for (let column = 0; column < inputs; column += 1) {
      matrix[row * inputs + column] = entry(row, column) - mean * (right[column] ?? 0)
    }
  }
  return { matrix, left, right }
}

/** Each row w as matrix · w. */
function timesRows(
  matrix: Float64Array,
  weights: Float64Array,
  rows: number,
  inputs: number,
): Float64Array {
  const result = new Float64Array(rows * inputs)
  for (let row = 0; row < rows; row += 1) {
    for (let at = 0; at < inputs; at += 1) {
      let sum = 0
      for (let other = 0; other < inputs; other += 1) {
        sum += (matrix[at * inputs + other] ?? 0) * (weights[row * inputs + other] ?? 0)
      }
      result[row * inputs + at] = sum
    }
  }
  return result
}

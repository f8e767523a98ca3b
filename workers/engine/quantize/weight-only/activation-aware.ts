// AWQ (Lin et al. 2023): channels of a layer's input that are large get weights scaled up before rounding, so that they err less, and the input scaled
// down by as much. Of s = x̄^r / w̄^(1−r), r from 0 to 1, and no scale at all, what errs least at the outputs is kept.

import { floatValues } from '#src/onnx/tensor-values'
import type { BlockFit, BlockSettings } from './block-fit.ts'
import type { GramNorm } from './gram-norm.ts'
import type { Gram } from './gram-matrices.ts'
import { packWeight } from './pack-weight.ts'
import { unpackedWeight } from './packed-weight.ts'
import type { WeightMatrix } from './weight-matrix.ts'
import { typedTensor } from '#src/onnx/ir/tensor'

const STEPS = 20
const LEAST_SCALE = 1e-4
/** Output channels that the search looks at, spread evenly over all. */
const SEARCHED_ROWS = 256

export interface AwqSearch {
  /** One per input channel; `null`: as they were is best. */
  readonly scales: Float32Array | null
  /** ‖X·(W − Ŵ)‖² of the rows looked at, as they were and with these scales. */
  readonly before: number
  readonly after: number
}

/** `matrices`: the weights of all layers that read the input. */
export async function searchInputScales(
  matrices: readonly WeightMatrix[],
  gram: Gram,
  settings: BlockSettings,
  fit: BlockFit,
  norm: GramNorm,
): Promise<AwqSearch> {
  const size = gram.size
  const parts = matrices.map(someRows)
  const inputs = inputMagnitudes(gram)
  const weights = weightMagnitudes(parts, size, settings.blockSize)
  const products = Float32Array.from(gram.sum)
  const loss = async (scales: Float32Array | null): Promise<number> => {
    let sum = 0
    for (const part of parts) {
      sum += await norm.squared(products, errorOf(part, size, scales, settings, fit), size)
    }
    return sum
  }
  const before = await loss(null)
  let best: AwqSearch = { scales: null, before, after: before }
  for (let step = 0; step <= STEPS; step += 1) {
    const scales = scalesFor(step / STEPS, inputs, weights)
    const after = await loss(scales)
    if (after < best.after) best = { scales, before, after }
  }
  return best
}

/** Root mean square of each input channel. */
function inputMagnitudes({ sum, size, count }: Gram): Float64Array {
  return Float64Array.from({ length: size }, (_, channel) => {
    return Math.sqrt((sum[channel * size + channel] ?? 0) / Math.max(1, count))
  })
}

/** Mean over rows of |w| ÷ the largest of its block. */
function weightMagnitudes(
  parts: readonly Float32Array[],
  size: number,
  blockSize: number,
): Float64Array {
  const sums = new Float64Array(size)
  let rows = 0
  for (const part of parts) {
    for (let first = 0; first < part.length; first += size, rows += 1) {
      for (let start = 0; start < size; start += blockSize) {
        const end = Math.min(size, start + blockSize)
        let largest = 0
        for (let at = start; at < end; at += 1) {
          largest = Math.max(largest, Math.abs(part[first + at] ?? 0))
        }
        if (largest === 0) continue
        for (let at = start; at < end; at += 1) {
          sums[at] = (sums[at] ?? 0) + Math.abs(part[first + at] ?? 0) / largest
        }
      }
    }
  }
  return sums.map((sum) => sum / Math.max(1, rows))
}

/** Brought to a geometric middle of 1. */
function scalesFor(ratio: number, inputs: Float64Array, weights: Float64Array): Float32Array {
  const scales = Float64Array.from(inputs, (input, channel) => {
    const weight = (weights[channel] ?? 0) + LEAST_SCALE
    return Math.max(LEAST_SCALE, input ** ratio / weight ** (1 - ratio))
  })
  const middle = Math.sqrt(
    scales.reduce((a, b) => Math.max(a, b)) * scales.reduce((a, b) => Math.min(a, b)),
  )
  return Float32Array.from(scales, (scale) => scale / middle)
}

/** Rows of the matrix, as [rows, size]. */
function someRows({ tensor, rows, columns, order }: WeightMatrix): Float32Array {
  const values = floatValues(tensor)
  const count = Math.min(rows, SEARCHED_ROWS)
  const part = new Float32Array(count * columns)
  for (let index = 0; index < count; index += 1) {
    const row = Math.floor((index * rows) / count)
    for (let column = 0; column < columns; column += 1) {
      const at = order === 'row-major' ? row * columns + column : column * rows + row
      part[index * columns + column] = values[at] ?? 0
    }
  }
  return part
}

/** W − Q(W·s) / s, as [size, rows]. */
function errorOf(
  part: Float32Array,
  size: number,
  scales: Float32Array | null,
  settings: BlockSettings,
  fit: BlockFit,
): Float32Array {
  const rows = part.length / size
  const scaled = part.map((value, at) => value * (scales?.[at % size] ?? 1))
  const tensor = typedTensor('', 'float32', [rows, size], scaled)
  const packed = packWeight({ tensor, rows, columns: size, order: 'row-major' }, settings, fit)
  const rounded = unpackedWeight(packed)
  const error = new Float32Array(part.length)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const at = row * size + column
      const back = (rounded[at] ?? 0) / (scales?.[column] ?? 1)
      error[column * rows + row] = (part[at] ?? 0) - back
    }
  }
  return error
}

// What a layer's output loses with its weight quantized, on the calibration data.

import type { GramNorm } from './gram-norm.ts'
import type { Gram } from './gram-matrices.ts'
import type { PackedWeight } from './packed-weight.ts'
import { unpackedWeight } from './packed-weight.ts'
import type { WeightMatrix } from './weight-matrix.ts'
import { inputMajor } from './weight-matrix.ts'

/** ‖X·(W − Ŵ)‖ ÷ ‖X·W‖. */
export async function outputError(
  matrix: WeightMatrix,
  packed: PackedWeight,
  gram: Gram,
  norm: GramNorm,
): Promise<number> {
  const products = Float32Array.from(gram.sum)
  const weight = inputMajor(matrix)
  const signal = await norm.squared(products, weight, gram.size)
  const { rows, columns } = packed
  const rounded = unpackedWeight(packed)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const at = column * rows + row
      weight[at] = (weight[at] ?? 0) - (rounded[row * columns + column] ?? 0)
    }
  }
  const noise = await norm.squared(products, weight, gram.size)
  return signal === 0 ? 0 : Math.sqrt(noise / signal)
}

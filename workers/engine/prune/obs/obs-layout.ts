// A weight as matrices of input channels × outputs, one for each group of channels.

import type { Tensor } from '#src/onnx/ir/tensor'
import { floatValues } from '#src/onnx/tensor-values'
import type { ObsWeight } from './sparse-obs.ts'

/** Inputs come first in [K, N], last in [N, K] and in the weights of convolutions. */
export function obsMatrices(
  tensor: Tensor,
  axis: number | 'none',
  groups: number,
  columns: number,
): ObsWeight[] {
  const all = floatValues(tensor)
  const rows = all.length / columns / groups
  if (axis === 0) return [{ values: Float32Array.from(all), rows, columns }]
  return Array.from({ length: groups }, (_, group) => {
    const values = new Float32Array(columns * rows)
    for (let row = 0; row < rows; row += 1) {
      const from = (group * rows + row) * columns
      for (let column = 0; column < columns; column += 1) {
        values[column * rows + row] = all[from + column] ?? 0
      }
    }
    return { values, rows, columns }
  })
}

// What each element of a weight is worth: |w|, |w| times the size of what it meets (Wanda), or chance.

import { floatValues } from '#src/onnx/tensor-values'
import { uniformNumbers } from './importance/random.ts'
import type { MeasuredReading, WeightReading } from './reading-layers.ts'

export type ElementMeasure = 'magnitude' | 'activation' | 'random'

/** @param measured what the layer reads; without it, activations count alike */
export function elementScores(
  measure: ElementMeasure,
  { tensor }: WeightReading,
  measured: MeasuredReading | undefined,
  { seed }: { readonly seed: number },
): Float32Array {
  const values = floatValues(tensor)
  if (measure === 'random') return Float32Array.from(values, uniformNumbers(seed))
  if (measure === 'magnitude' || measured === undefined || measured.axis === 'none') {
    return Float32Array.from(values, Math.abs)
  }
  const norms = measured.squares.map(Math.sqrt)
  const size = tensor.dims[measured.axis] ?? 1
  const inner = tensor.dims.slice(measured.axis + 1).reduce((product, dim) => product * dim, 1)
  return Float32Array.from(values, (value, index) => {
    return Math.abs(value) * (norms[Math.floor(index / inner) % size] ?? 1)
  })
}

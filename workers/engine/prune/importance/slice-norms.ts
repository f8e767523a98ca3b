// Norms of what a constant loses with each atom.

import { isFloat } from '#src/onnx/ir/data-type'
import type { Tensor } from '#src/onnx/ir/tensor'
import { floatValues } from '#src/onnx/tensor-values'
import type { AxisTrace } from '../trace-axes.ts'
import type { Incidence, Unit } from '../units.ts'

/** Σ|w| or Σw² of each index of the axis. */
function indexSums(tensor: Tensor, axis: number, norm: 'l1' | 'l2'): Float64Array {
  const values = floatValues(tensor)
  const size = tensor.dims[axis] ?? 1
  const inner = tensor.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const sums = new Float64Array(size)
  let at = 0
  while (at < values.length) {
    for (let index = 0; index < size; index += 1) {
      let sum = 0
      for (const end = at + inner; at < end; at += 1) {
        const value = values[at] ?? 0
        sum += norm === 'l1' ? Math.abs(value) : value * value
      }
      sums[index] = (sums[index] ?? 0) + sum
    }
  }
  return sums
}

/** Mean |w|, or the root of the mean square, of what goes with each atom of the unit. */
export function atomNorms(
  trace: AxisTrace,
  unit: Unit,
  { value, axis, labels }: Incidence,
  norm: 'l1' | 'l2',
): Float64Array {
  const tensor = value.initializer
  if (tensor?.kind !== 'tensor') throw new Error(`'${value.name}' is no constant`)
  const sums = indexSums(tensor, axis, norm)
  const perIndex = tensor.dims.reduce((product, dim) => product * dim, 1) / labels.size
  const place = new Map(unit.atoms.map((atom, index) => [atom, index]))
  const total = new Float64Array(unit.atoms.length)
  const counts = new Float64Array(unit.atoms.length)
  for (const [index, set] of labels.sets.entries()) {
    for (const atom of trace.algebra.labels.resolve(set)) {
      const own = place.get(atom)
      if (own === undefined) continue
      total[own] = (total[own] ?? 0) + (sums[index] ?? 0)
      counts[own] = (counts[own] ?? 0) + perIndex
    }
  }
  return total.map((sum, index) => {
    const mean = sum / Math.max(1, counts[index] ?? 0)
    return norm === 'l1' ? mean : Math.sqrt(mean)
  })
}

/** Float constants of at least two axes, or what there is. */
export function weightIncidences({ incidences }: Unit): readonly Incidence[] {
  const floats = incidences.filter(({ value }) => {
    return value.initializer?.kind === 'tensor' && isFloat(value.initializer.dtype)
  })
  const matrices = floats.filter(({ value }) => (value.initializer?.dims.length ?? 0) > 1)
  return matrices.length > 0 ? matrices : floats
}

// Norms of what a constant loses with each atom.

import { isFloat } from '#src/onnx/ir/data-type'
import type { Tensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { floatValues } from '#src/onnx/tensor-values'
import type { AxisTrace } from '../trace-axes.ts'
import type { Incidence, Unit } from '../units.ts'

type Floats = ArrayLike<number>

/** Σ of f of the elements at each index of the axis. */
function indexSums(
  values: Floats,
  dims: readonly number[],
  axis: number,
  f: (value: number) => number,
): Float64Array {
  const size = dims[axis] ?? 1
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const sums = new Float64Array(size)
  let at = 0
  while (at < values.length) {
    for (let index = 0; index < size; index += 1) {
      let sum = 0
      for (const end = at + inner; at < end; at += 1) {
        sum += f(values[at] ?? 0)
      }
      sums[index] = (sums[index] ?? 0) + sum
    }
  }
  return sums
}

/** What goes with each atom of the unit, summed, and the number of indices that is. `elements`: one for each of the constant's. */
export function atomSums(
  trace: AxisTrace,
  unit: Unit,
  { value, axis, labels }: Incidence,
  elements: Floats,
  f: (value: number) => number = (element) => element,
): { readonly sums: Float64Array; readonly indices: Float64Array } {
  const sums = indexSums(elements, tensorOf(value).dims, axis, f)
  const place = new Map(unit.atoms.map((atom, index) => [atom, index]))
  const total = new Float64Array(unit.atoms.length)
  const indices = new Float64Array(unit.atoms.length)
  for (const [index, set] of labels.sets.entries()) {
    for (const atom of trace.algebra.labels.resolve(set)) {
      const own = place.get(atom)
      if (own === undefined) continue
      total[own] = (total[own] ?? 0) + (sums[index] ?? 0)
      indices[own] = (indices[own] ?? 0) + 1
    }
  }
  return { sums: total, indices }
}

/** Mean |w|, or the root of the mean square, of what goes with each atom of the unit. */
export function atomNorms(
  trace: AxisTrace,
  unit: Unit,
  incidence: Incidence,
  norm: 'l1' | 'l2',
  elements: Floats = floatValues(tensorOf(incidence.value)),
): Float64Array {
  const f = norm === 'l1' ? Math.abs : (value: number) => value * value
  const { sums, indices } = atomSums(trace, unit, incidence, elements, f)
  const perIndex = elements.length / incidence.labels.size
  return sums.map((sum, index) => {
    const mean = sum / Math.max(1, (indices[index] ?? 0) * perIndex)
    return norm === 'l1' ? mean : Math.sqrt(mean)
  })
}

function tensorOf({ name, initializer }: Value): Tensor {
  if (initializer?.kind !== 'tensor') throw new Error(`'${name}' is no constant`)
  return initializer
}

/** Float constants of at least two axes, or what there is. */
export function weightIncidences({ incidences }: Unit): readonly Incidence[] {
  const floats = incidences.filter(({ value }) => {
    return value.initializer?.kind === 'tensor' && isFloat(value.initializer.dtype)
  })
  const matrices = floats.filter(({ value }) => (value.initializer?.dims.length ?? 0) > 1)
  return matrices.length > 0 ? matrices : floats
}

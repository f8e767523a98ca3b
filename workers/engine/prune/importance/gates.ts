// Gates: a factor of 1 in front of each atom, which removing the atom sets to 0. The loss moves with a gate as with the weights that read
// the atom, taken together: ∂L/∂gate = Σ ∂L/∂w·w over them, exactly. Where no weight reads it, those that write it tell.

import type { WeightReading } from '../reading-layers.ts'
import { weightReadings } from '../reading-layers.ts'
import type { Incidence, Unit } from '../units.ts'
import type { ImportanceContext } from './importance.ts'
import { atomSums, weightIncidences } from './slice-norms.ts'

export interface UnitGates {
  readonly unit: Unit
  /** Incidences that move a gate together: readers; each writer alone. None where nothing has a gradient. */
  readonly sides: readonly (readonly Incidence[])[]
}

/** `weights`: names of the constants that have gradients. */
export function gatesOf(
  { units, model }: ImportanceContext,
  weights: ReadonlyMap<string, unknown>,
): UnitGates[] {
  const readings = weightReadings(model)
  return units.map((unit): UnitGates => {
    const incidences = unit.incidences.filter(({ value }) => weights.has(value.name))
    const readers = incidences.filter((incidence) => isRead(readings, incidence))
    if (readers.length > 0) return { unit, sides: [readers] }
    const writers = weightIncidences({ ...unit, incidences })
    return { unit, sides: writers.map((writer) => [writer]) }
  })
}

function isRead(readings: readonly WeightReading[], { value, axis }: Incidence): boolean {
  return readings.some((reading) => reading.weight === value && reading.axis === axis)
}

/** Σ of the elements that move each gate, for each side. `elements`: by constant. */
export function gateSums(
  { trace }: ImportanceContext,
  { unit, sides }: UnitGates,
  elements: ReadonlyMap<string, ArrayLike<number>>,
): Float64Array[] {
  return sides.map((side) => {
    const total = new Float64Array(unit.atoms.length)
    for (const incidence of side) {
      const own = elements.get(incidence.value.name)
      if (own === undefined) continue
      for (const [atom, sum] of atomSums(trace, unit, incidence, own).sums.entries()) {
        total[atom] = (total[atom] ?? 0) + sum
      }
    }
    return total
  })
}

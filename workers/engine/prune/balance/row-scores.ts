// How much each atom of a balanced unit matters in each row: the measures of importance, told of an atom for each row and atom.

import { Labels } from '../axis-algebra.ts'
import { EMPTY_SET } from '../label-sets.ts'
import type { ImportanceContext } from '../importance/importance.ts'
import type { MeasureName } from '../importance/measures.ts'
import { MEASURES } from '../importance/measures.ts'
import type { Incidence, Unit } from '../units.ts'
import type { BalancedUnit } from './balanced-units.ts'
import { rowPlaces } from './row-places.ts'

/** By the name of a row: a score for each atom of the unit. */
export type RowScores = ReadonlyMap<string, Float64Array>

/** Removing channels one by one for each row takes too long: what flows through tells the order. */
const STAND_INS: Partial<Record<MeasureName, MeasureName>> = { obs: 'activation' }

/** One for each unit; `none` where rows cannot be told apart in any constant. The traced model gets atoms that nothing reads. */
export async function rowScores(
  context: ImportanceContext,
  found: readonly BalancedUnit[],
  importance: MeasureName,
): Promise<(RowScores | 'none')[]> {
  const cells = found.map((balanced) => cellsOf(context, balanced))
  const units = cells.map(({ unit }) => unit)
  const measure = MEASURES[STAND_INS[importance] ?? importance]
  const scores = await measure({ ...context, units })
  return cells.map(({ unit, places }, index) => {
    if (unit.incidences.length === 0) return 'none'
    const own = scores[index]?.relative ?? new Float64Array()
    const width = found[index]?.unit.atoms.length ?? 0
    return new Map(
      [...places].map(([row, numbers]) => {
        return [row, Float64Array.from({ length: width }, (_, at) => own[numbers[at] ?? -1] ?? 0)]
      }),
    )
  })
}

interface Cells {
  /** Its atoms are the cells. */
  readonly unit: Unit
  /** By row: which atom of it each atom of the balanced unit is. */
  readonly places: ReadonlyMap<string, readonly number[]>
}

/** Constants whose axis tells rows and atoms alike. */
function cellsOf({ trace }: ImportanceContext, balanced: BalancedUnit): Cells {
  const { unit } = balanced
  const places = new Map<string, number[]>()
  let count = 0
  const numbered = unit.incidences.flatMap((incidence) => {
    const along = rowPlaces(trace, balanced, incidence)
    if (along === null || along.other !== 'none') return []
    const numbers = incidence.labels.sets.map((_, index) => {
      const row = along.row(index, 0)
      if (row === null) return -1
      const own = places.get(row) ?? []
      places.set(row, own)
      return (own[along.atomAt(index)] ??= count++)
    })
    return [{ incidence, numbers }]
  })
  const made = trace.algebra.fresh(Math.max(2, count))
  const incidences = numbered.map(({ incidence, numbers }): Incidence => {
    const sets = numbers.map((number) => made.sets[number] ?? EMPTY_SET)
    return { ...incidence, labels: new Labels(sets) }
  })
  const atoms = made.sets.flatMap((set) => trace.algebra.labels.resolve(set))
  return { unit: { ...unit, atoms, incidences }, places }
}

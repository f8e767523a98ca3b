// Where the atoms of a balanced unit lie along an axis of a constant, row by row.

import type { Incidence } from '../units.ts'
import type { AxisTrace } from '../trace-axes.ts'
import type { BalancedUnit } from './balanced-units.ts'

/** Of one axis of a constant. */
export interface RowPlaces {
  /** Another axis that tells the row along with this one; `none` where this one tells all. */
  readonly other: number | 'none'
  /** The name of the row at an index of this axis and one of the other; `null` where no atom of the unit is. */
  row(index: number, other: number): string | null
  /** The place of the unit's atom among the unit's atoms. */
  atomAt(index: number): number
}

/** `null` where rows are told by more than one other axis. */
export function rowPlaces(
  trace: AxisTrace,
  { unit, rows }: BalancedUnit,
  { value, axis, labels }: Incidence,
): RowPlaces | null {
  const sets = trace.algebra.labels
  const place = new Map(unit.atoms.map((atom, index) => [atom, index]))
  const atomsOf = (set: number | undefined) => (set === undefined ? [] : sets.resolve(set))
  const own = labels.sets.map((set) => {
    return place.get(sets.resolve(set).find((atom) => place.has(atom)) ?? -1) ?? -1
  })
  const axes = trace.axesOf(value)
  let other: number | 'none' = 'none'
  const tellers: ((index: number, other: number) => number | undefined)[] = []
  for (const { atoms } of rows) {
    const members = new Set(atoms)
    const tellsIn = (set: number | undefined) => atomsOf(set).find((atom) => members.has(atom))
    const isHere = labels.sets.every(
      (set, index) => own[index] === -1 || tellsIn(set) !== undefined,
    )
    if (isHere) {
      const told = labels.sets.map(tellsIn)
      tellers.push((index) => told[index])
      continue
    }
    const there = axes.findIndex((entry, at) => {
      return at !== axis && entry.sets.every((set) => tellsIn(set) !== undefined)
    })
    if (there < 0 || (other !== 'none' && other !== there)) return null
    other = there
    const told = (axes[there]?.sets ?? []).map(tellsIn)
    tellers.push((_, at) => told[at])
  }
  return {
    other,
    row: (index, at) => {
      if (own[index] === -1) return null
      return tellers.map((tell) => tell(index, at)).join()
    },
    atomAt: (index) => own[index] ?? -1,
  }
}

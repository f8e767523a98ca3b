// What the model saves with an atom of each unit, told by halving the unit.

import type { RemainingCost } from './remaining-cost.ts'
import type { Unit } from './units.ts'

/** Milliseconds that layers take, by label. */
export type LayerTimes = ReadonlyMap<string, number>

/** What is saved: multiply-accumulates, parameters, or time as layers take it, in proportion to their multiply-accumulates. */
export type SavedCost = 'macs' | 'parameters' | LayerTimes

export function savedPerAtom(
  units: readonly Unit[],
  cost: RemainingCost,
  kind: SavedCost,
): number[] {
  const of = (removed: ReadonlySet<number>): number => {
    if (kind === 'macs') return cost.macs(removed)
    return kind === 'parameters' ? cost.parameters(removed) : cost.time(removed, kind)
  }
  const whole = of(new Set())
  return units.map(({ atoms }) => {
    const half = new Set(atoms.slice(0, Math.ceil(atoms.length / 2)))
    return (whole - of(half)) / Math.max(1, half.size)
  })
}

// How large units are to begin with, so that rounds of pruning count from there.

import type { Unit } from './units.ts'

/** What a unit is called in every round: its layers, and which of their units it is. */
function keysOf(units: readonly Unit[]): string[] {
  const seen = new Map<string, number>()
  return units.map(({ layers }) => {
    const name = layers.join('|')
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    return `${name}#${count}`
  })
}

export function unitSizes(units: readonly Unit[]): Map<string, number> {
  return new Map(keysOf(units).map((key, index) => [key, units[index]?.atoms.length ?? 0]))
}

/** In the order of the units; a unit that was not there before is as large as it is. */
export function sizesOf(units: readonly Unit[], sizes: ReadonlyMap<string, number>): number[] {
  return keysOf(units).map((key, index) => sizes.get(key) ?? units[index]?.atoms.length ?? 0)
}

// Importance by chance: the control that every other measure has to beat.

import type { ImportanceMeasure } from './importance.ts'
import { relativeTo } from './importance.ts'

/** Mulberry32: the same numbers for the same seed. */
export function uniformNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export const random: ImportanceMeasure = ({ units, seed }) => {
  const next = uniformNumbers(seed)
  return units.map(({ atoms }) => {
    const absolute = Float64Array.from(atoms, next)
    return { absolute, relative: relativeTo(absolute) }
  })
}

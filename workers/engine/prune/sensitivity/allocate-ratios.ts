// How much each group loses when groups are compared by what the model loses with them: each may add as much energy to the error of the
// outputs as its share of what all save, and takes the largest ratio within that. Such energies add up over groups. A price that is
// paid per channel would not do: where error grows slower than the ratio, a group goes from nothing to all at once.

import type { Sensitivity, SensitivityPoint } from './measure-sensitivity.ts'

/** Ratios that are compared; no group loses more. */
const [STEPS, MOST] = [90, 0.9]

/**
 * Fractions that go, by unit, for a level from 0 to 1: nothing at 0, the most at 1. `savings`: of each unit as a whole, in the terms
 * of what is asked for.
 */
export function ratiosAt(
  { units }: Sensitivity,
  savings: readonly number[],
  level: number,
): number[] {
  const total = savings.reduce((sum, saving) => sum + saving, 0)
  const allowed = level >= 1 ? Infinity : level / (1 - level)
  return units.map((points, unit) => {
    const own = (allowed * (savings[unit] ?? 0)) / Math.max(Number.MIN_VALUE, total)
    let best = 0
    for (let step = 1; step <= STEPS; step += 1) {
      const ratio = (MOST * step) / STEPS
      if (costAt(points, ratio) <= own) best = ratio
    }
    return best
  })
}

/** Between two ratios that were measured, and behind the last, the error's energy grows with the square of the ratio. */
function costAt(points: readonly SensitivityPoint[], ratio: number): number {
  let [start, from] = [0, 0]
  for (const { ratio: end, outputError } of points) {
    const to = Math.max(from, outputError ** 2)
    const isLast = end === points.at(-1)?.ratio
    if (ratio <= end || isLast) {
      return from + ((to - from) * (ratio ** 2 - start ** 2)) / (end ** 2 - start ** 2)
    }
    ;[start, from] = [end, to]
  }
  return 0
}

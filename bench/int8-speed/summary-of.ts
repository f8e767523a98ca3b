// What a table of speeds amounts to.

import { median } from '../median.ts'

/** Speeds are ratios to the original at one thread and at two. */
export interface SpeedRow {
  readonly file: string
  readonly placement: string
  /** To quantize. */
  readonly seconds: number
  readonly sizeRatio: number
  readonly decibels: number
  readonly own: readonly (number | null)[]
  readonly defaults: readonly (number | null)[]
  readonly u8s8: readonly (number | null)[]
}

const CONTENDERS = ['own', 'defaults', 'u8s8'] as const

/** Below this a model is slower than timing can be wrong. */
const SLOWER = 0.97

export function summaryOf(rows: readonly SpeedRow[]): string {
  const lines = CONTENDERS.flatMap((name) =>
    [0, 1].map((index) => {
      const speeds = rows.flatMap((row) => row[name][index] ?? [])
      if (speeds.length === 0) return `${name}, ${index + 1} thread(s): not run`
      const slower = speeds.filter((speed) => speed < SLOWER).length
      const fast = speeds.filter((speed) => speed >= 1.2).length
      const least = Math.min(...speeds)
      return `${name}, ${index + 1} thread(s): median ${median(speeds).toFixed(2)}, least ${least.toFixed(2)}, ${slower} of ${speeds.length} slower than the original, ${fast} at 1.2 or more`
    }),
  )
  return lines.join('\n')
}

// Whether the result reaches what the job asked for.

import type { Report } from '#src/domain/report'
import type { Goal } from '#src/recipes/job-spec'

type Figures = Pick<Report, 'change' | 'compressed'>
type Check = NonNullable<Report['goal']>['checks'][number]

/** A figure that was not measured meets no limit. */
export function goalChecks(goal: Goal | null, { change, compressed }: Figures): Report['goal'] {
  if (goal === null) return null
  const checks: Check[] = []
  const atMost = (name: string, limit: number | null, value: number | null): void => {
    if (limit !== null) checks.push({ name, limit, value, met: value !== null && value <= limit })
  }
  const atLeast = (name: string, limit: number | null, value: number | null): void => {
    if (limit !== null) checks.push({ name, limit, value, met: value !== null && value >= limit })
  }
  atMost('max_metric_drop', goal.max_metric_drop, change.metric_drop)
  atMost('max_size_bytes', goal.max_size_bytes, compressed.size_bytes)
  atLeast('min_speedup', goal.min_speedup, change.speedup)
  return { met: checks.every(({ met }) => met), checks }
}

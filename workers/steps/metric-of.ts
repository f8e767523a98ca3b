// The metric that an evaluation asks for.

import type { TaskMetric } from '#engine/evaluate/metrics/metrics'
import type { Evaluation } from '#src/recipes/evaluation'
import { labelFields } from '#src/recipes/evaluation'

export function metricOf(evaluation: Evaluation): TaskMetric | 'none' {
  if (evaluation.task === 'none' || labelFields(evaluation).length === 0) return 'none'
  return evaluation.metric
}

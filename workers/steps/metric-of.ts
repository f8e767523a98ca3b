// The metric that an evaluation asks for.

import type { MetricName } from '#engine/evaluate/metrics/metrics'
import type { Evaluation } from '#src/recipes/evaluation'

export function metricOf(evaluation: Evaluation): MetricName | 'none' {
  return evaluation.task === 'none' ? 'none' : evaluation.metric
}

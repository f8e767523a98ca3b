// Coefficient of determination: 1 − Σ(y − ŷ)² / Σ(y − ȳ)², over all numbers of an output.

import type { Metric } from './metric.ts'

export const r2: Metric = {
  higherIsBetter: true,
  compares: 'numbers',
  start: () => {
    // Welford's update keeps Σ(y − ȳ)² without a second pass.
    let count = 0
    let mean = 0
    let spread = 0
    let residual = 0
    return {
      add: ({ outputs, labels, samples, width }) => {
        for (let index = 0; index < samples * width; index += 1) {
          const label = labels[index] ?? NaN
          const difference = label - (outputs[index] ?? NaN)
          residual += difference * difference
          count += 1
          const step = label - mean
          mean += step / count
          spread += step * (label - mean)
        }
      },
      value: () => {
        const value = 1 - residual / spread
        return count === 0 || !Number.isFinite(value) ? null : value
      },
    }
  },
}

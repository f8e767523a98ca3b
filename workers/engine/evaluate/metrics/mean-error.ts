// Mean error over all numbers of an output: squared (mse) or absolute (mae).

import type { Metric } from './metric.ts'

function meanError(errorOf: (difference: number) => number): Metric {
  return {
    higherIsBetter: false,
    compares: 'numbers',
    start: () => {
      let sum = 0
      let count = 0
      return {
        add: ({ outputs, labels, samples, width }) => {
          for (let index = 0; index < samples * width; index += 1) {
            sum += errorOf((outputs[index] ?? NaN) - (labels[index] ?? NaN))
          }
          count += samples * width
        },
        value: () => (count === 0 || !Number.isFinite(sum) ? null : sum / count),
      }
    },
  }
}

export const mse = meanError((difference) => difference * difference)
export const mae = meanError(Math.abs)

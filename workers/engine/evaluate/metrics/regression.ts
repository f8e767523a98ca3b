// Mean squared error, mean absolute error, and R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)², over all elements.

import type { Metric } from './metric.ts'

interface Sums {
  count: number
  samples: number
  squared: number
  absolute: number
  labels: number
  labelsSquared: number
}

function regression(name: string, higherIsBetter: boolean, value: (sums: Sums) => number): Metric {
  return {
    name,
    higherIsBetter,
    fraction: false,
    accumulate: () => {
      const sums: Sums = {
        count: 0,
        samples: 0,
        squared: 0,
        absolute: 0,
        labels: 0,
        labelsSquared: 0,
      }
      return {
        add: (output, labels) => {
          sums.samples += output.dims[0] ?? 1
          for (let index = 0; index < output.data.length; index += 1) {
            const label = Number(labels.values[index])
            const error = Number(output.data[index]) - label
            sums.count += 1
            sums.squared += error * error
            sums.absolute += Math.abs(error)
            sums.labels += label
            sums.labelsSquared += label * label
          }
        },
        value: () => value(sums),
        get samples() {
          return sums.samples
        },
      }
    },
  }
}

export const mse = regression('mse', false, ({ squared, count }) => squared / count)
export const mae = regression('mae', false, ({ absolute, count }) => absolute / count)
export const r2 = regression('r2', true, ({ squared, labels, labelsSquared, count }) => {
  return 1 - squared / (labelsSquared - (labels * labels) / count)
})

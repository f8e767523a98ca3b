// Share of samples whose label is among the k greatest scores.

import type { Metric } from './metric.ts'
import { decisions, rowsOf } from './metric.ts'

function topK(name: string, k: number): Metric {
  return {
    name,
    higherIsBetter: true,
    fraction: true,
    accumulate: () => {
      let right = 0
      let samples = 0
      return {
        add: (output, labels) => {
          const { rows, width, at } = rowsOf(output)
          const chosen = k === 1 || width === 1 ? decisions(output) : null
          for (let row = 0; row < rows; row += 1) {
            const label = Number(labels.values[row])
            samples += 1
            if (chosen !== null) {
              right += Number(chosen[row] === label)
              continue
            }
            if (label < 0 || label >= width) continue
            let above = 0
            for (let column = 0; column < width; column += 1)
              above += Number(at(row, column) > at(row, label))
            right += Number(above < k)
          }
        },
        value: () => right / samples,
        get samples() {
          return samples
        },
      }
    },
  }
}

export const top1 = topK('top1', 1)
export const top5 = topK('top5', 5)

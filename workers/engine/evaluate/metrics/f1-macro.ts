// F1 = 2·TP / (2·TP + FP + FN) per class, averaged over the classes that occur among labels or decisions.

import type { Metric } from './metric.ts'
import { decisions } from './metric.ts'

export const f1Macro: Metric = {
  name: 'f1_macro',
  higherIsBetter: true,
  fraction: true,
  accumulate: () => {
    const counts = new Map<number, { hits: number; misses: number }>()
    let samples = 0
    const of = (label: number) => {
      const found = counts.get(label) ?? { hits: 0, misses: 0 }
      counts.set(label, found)
      return found
    }
    return {
      add: (output, labels) => {
        decisions(output).forEach((decision, row) => {
          const label = Number(labels.values[row])
          samples += 1
          if (decision === label) of(label).hits += 1
          else {
            of(label).misses += 1
            of(decision).misses += 1
          }
        })
      },
      value: () => {
        let sum = 0
        for (const { hits, misses } of counts.values()) sum += (2 * hits) / (2 * hits + misses)
        return sum / counts.size
      },
      get samples() {
        return samples
      },
    }
  },
}

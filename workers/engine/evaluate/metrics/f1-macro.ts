// Mean over classes of F1 = 2·TP / (2·TP + FP + FN); classes are those that occur among labels or decisions.

import { decisionOf } from './decision.ts'
import type { Metric } from './metric.ts'

interface Counts {
  hits: number
  decided: number
  labelled: number
}

export const f1Macro: Metric = {
  higherIsBetter: true,
  start: () => {
    const classes = new Map<number, Counts>()
    const countsOf = (index: number): Counts => {
      const present = classes.get(index)
      if (present !== undefined) return present
      const counts = { hits: 0, decided: 0, labelled: 0 }
      classes.set(index, counts)
      return counts
    }
    return {
      add: (batch) => {
        for (let sample = 0; sample < batch.samples; sample += 1) {
          const label = batch.labels[sample] ?? -1
          const decision = decisionOf(batch.outputs, sample, batch.width, batch.areClasses)
          countsOf(label).labelled += 1
          countsOf(decision).decided += 1
          if (label === decision) countsOf(label).hits += 1
        }
      },
      value: () => {
        if (classes.size === 0) return null
        let sum = 0
        for (const { hits, decided, labelled } of classes.values()) {
          // 2·TP + FP + FN = decided + labelled.
          sum += (2 * hits) / (decided + labelled)
        }
        return sum / classes.size
      },
    }
  },
}

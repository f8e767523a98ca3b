// F1 = 2·TP / (2·TP + FP + FN) per class, averaged over the classes that occur among labels or decisions.

import { decisionOf } from './decision.ts'
import type { Metric } from './metric.ts'

export const f1Macro: Metric = {
  higherIsBetter: true,
  compares: 'decisions',
  start: () => {
    const classes = new Map<number, { hits: number; misses: number }>()
    const of = (label: number): { hits: number; misses: number } => {
      const found = classes.get(label) ?? { hits: 0, misses: 0 }
      classes.set(label, found)
      return found
    }
    return {
      add: ({ samples, outputs, width, areClasses, labels }) => {
        for (let sample = 0; sample < samples; sample += 1) {
          const label = labels[sample] ?? -1
          const decision = decisionOf(outputs, sample, width, areClasses)
          if (decision === label) {
            of(label).hits += 1
          } else {
            of(label).misses += 1
            of(decision).misses += 1
          }
        }
      },
      value: () => {
        if (classes.size === 0) return null
        let sum = 0
        for (const { hits, misses } of classes.values()) sum += (2 * hits) / (2 * hits + misses)
        return sum / classes.size
      },
    }
  },
}

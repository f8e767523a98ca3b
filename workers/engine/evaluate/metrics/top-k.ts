// Share of samples whose label is among the k greatest scores.

import { decisionOf } from './decision.ts'
import type { Metric } from './metric.ts'

function topK(k: number): Metric {
  return {
    higherIsBetter: true,
    compares: 'decisions',
    start: () => {
      let right = 0
      let count = 0
      return {
        add: ({ samples, outputs, width, areClasses, labels }) => {
          for (let sample = 0; sample < samples; sample += 1) {
            const label = labels[sample] ?? -1
            count += 1
            if (k === 1 || width === 1) {
              right += Number(decisionOf(outputs, sample, width, areClasses) === label)
            } else {
              right += Number(rankOf(outputs, sample * width, width, label) < k)
            }
          }
        },
        value: () => (count === 0 ? null : right / count),
      }
    },
  }
}

/** How many scores come before the label's, equal ones of lower classes included; infinite when the label is no index. */
function rankOf(outputs: ArrayLike<number>, start: number, width: number, label: number): number {
  const own = label >= 0 && label < width ? (outputs[start + label] ?? NaN) : NaN
  if (Number.isNaN(own)) return Infinity
  let above = 0
  for (let index = 0; index < width; index += 1) {
    const score = outputs[start + index] ?? NaN
    if (score > own || (score === own && index < label)) above += 1
  }
  return above
}

export const top1 = topK(1)
export const top5 = topK(5)

// Area under the ROC curve by ranks (Mann–Whitney): the chance that a positive scores above a negative, ties counting half.
// More than two classes: one against the rest, averaged over the classes that occur.

import type { Metric } from './metric.ts'

export const auc: Metric = {
  higherIsBetter: true,
  compares: 'decisions',
  start: () => {
    const scores: number[][] = []
    const truth: number[] = []
    return {
      add: ({ samples, outputs, width, labels }) => {
        for (let sample = 0; sample < samples; sample += 1) {
          const row = Array.from(
            { length: width },
            (_, index) => outputs[sample * width + index] ?? NaN,
          )
          scores.push(row)
          truth.push(labels[sample] ?? -1)
        }
      },
      value: () => {
        const width = scores[0]?.length ?? 0
        if (width === 0) return null
        if (width <= 2) {
          const margins = scores.map((row) =>
            width === 1 ? (row[0] ?? NaN) : (row[1] ?? NaN) - (row[0] ?? NaN),
          )
          return areaOf(
            margins,
            truth.map((label) => label === 1),
          )
        }
        const classes = [...new Set(truth)].filter((label) => label >= 0 && label < width)
        const areas = classes
          .map((label) =>
            areaOf(
              scores.map((row) => row[label] ?? NaN),
              truth.map((other) => other === label),
            ),
          )
          .filter((area) => area !== null)
        return areas.length === 0 ? null : areas.reduce((sum, area) => sum + area, 0) / areas.length
      },
    }
  },
}

/** `null` unless there are positives and negatives. */
function areaOf(scores: readonly number[], positive: readonly boolean[]): number | null {
  const order = scores.map((_, index) => index).toSorted((a, b) => scores[a]! - scores[b]!)
  let rankSum = 0
  let positives = 0
  let start = 0
  while (start < order.length) {
    let end = start + 1
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end += 1
    // Equal scores share the mean of their ranks start + 1 … end.
    const rank = (start + 1 + end) / 2
    for (let at = start; at < end; at += 1) {
      if (positive[order[at]!] !== true) continue
      rankSum += rank
      positives += 1
    }
    start = end
  }
  const negatives = order.length - positives
  if (positives === 0 || negatives === 0) return null
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

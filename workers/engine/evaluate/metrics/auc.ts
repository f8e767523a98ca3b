// Area under the ROC curve by ranks (Mann–Whitney): the chance that a positive scores above a negative, ties counting half.
// More than two classes: one against the rest, averaged over the classes that occur (Hand and Till, 2001, unweighted).

import type { Metric } from './metric.ts'
import { rowsOf } from './metric.ts'

export const auc: Metric = {
  name: 'auc',
  higherIsBetter: true,
  fraction: true,
  accumulate: () => {
    const scores: number[][] = []
    const truth: number[] = []
    return {
      add: (output, labels) => {
        const { rows, width, at } = rowsOf(output)
        for (let row = 0; row < rows; row += 1) {
          scores.push(Array.from({ length: width }, (_, column) => at(row, column)))
          truth.push(Number(labels.values[row]))
        }
      },
      value: () => {
        const width = scores[0]?.length ?? 0
        if (width === 1)
          return areaOf(
            scores.map((row) => row[0]!),
            truth.map((label) => label === 1),
          )
        if (width === 2)
          return areaOf(
            scores.map((row) => row[1]! - row[0]!),
            truth.map((label) => label === 1),
          )
        const classes = [...new Set(truth)].filter((label) => label >= 0 && label < width)
        const areas = classes.map((label) =>
          areaOf(
            scores.map((row) => row[label]!),
            truth.map((other) => other === label),
          ),
        )
        return areas.reduce((sum, area) => sum + area, 0) / areas.length
      },
      get samples() {
        return truth.length
      },
    }
  },
}

function areaOf(scores: readonly number[], positive: readonly boolean[]): number {
  const order = scores.map((_, index) => index).toSorted((a, b) => scores[a]! - scores[b]!)
  let rankSum = 0
  let positives = 0
  for (let start = 0; start < order.length;) {
    let end = start
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end += 1
    const rank = (start + 1 + end) / 2
    for (let at = start; at < end; at += 1) {
      if (!positive[order[at]!]) continue
      rankSum += rank
      positives += 1
    }
    start = end
  }
  const negatives = order.length - positives
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

// Area under the ROC curve by ranks (Mann–Whitney U), ties counting half. More than two classes: mean of one against the rest.
// Keeps every score: 8 bytes per sample and class.

import type { Metric, MetricBatch } from './metric.ts'

export const auc: Metric = {
  higherIsBetter: true,
  start: () => {
    const labels: number[] = []
    const scores: number[][] = []
    return {
      add: (batch) => {
        for (let sample = 0; sample < batch.samples; sample += 1) {
          labels.push(batch.labels[sample] ?? -1)
          scoresOf(batch, sample).forEach((score, index) => {
            scores[index] ??= []
            scores[index].push(score)
          })
        }
      },
      value: () => {
        const areas = scores
          .map((column, index) => area(column, labels, scores.length === 1 ? 1 : index))
          .filter((value) => value !== null)
        if (areas.length === 0) return null
        return areas.reduce((sum, value) => sum + value, 0) / areas.length
      },
    }
  },
}

/** One column for two classes: the higher, the more class 1. */
function scoresOf({ outputs, width }: MetricBatch, sample: number): number[] {
  const start = sample * width
  const row = Array.from({ length: width }, (_, index) => outputs[start + index] ?? NaN)
  return width === 2 ? [(row[1] ?? 0) - (row[0] ?? 0)] : row
}

/** `null` when all samples are of the class or none is. */
function area(scores: readonly number[], labels: readonly number[], positive: number): number | null {
  const order = scores.map((_, index) => index)
  order.sort((one, other) => (scores[one] ?? 0) - (scores[other] ?? 0))
  let positives = 0
  let rankSum = 0
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]) end += 1
    const meanRank = (start + 1 + end) / 2
    for (let at = start; at < end; at += 1) {
      if (labels[order[at] ?? 0] !== positive) continue
      positives += 1
      rankSum += meanRank
    }
    start = end
  }
  const negatives = order.length - positives
  if (positives === 0 || negatives === 0) return null
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

// Share of samples whose label is among the k highest scores.

import { decisionOf } from './decision.ts'
import type { Metric, MetricBatch } from './metric.ts'

function topK(k: number): Metric {
  return {
    higherIsBetter: true,
    start: () => {
      let hits = 0
      let samples = 0
      return {
        add: (batch) => {
          for (let sample = 0; sample < batch.samples; sample += 1) {
            if (isHit(batch, sample, k)) hits += 1
          }
          samples += batch.samples
        },
        value: () => (samples === 0 ? null : hits / samples),
      }
    },
  }
}

/** Ranks the label's score: scores above it, and equal ones of lower classes, come first. */
function isHit(batch: MetricBatch, sample: number, k: number): boolean {
  const { outputs, width, labels } = batch
  const label = labels[sample] ?? -1
  if (width === 1) return decisionOf(outputs, sample, width, batch.areClasses) === label
  const start = sample * width
  const own = label >= 0 && label < width ? (outputs[start + label] ?? NaN) : NaN
  if (Number.isNaN(own)) return false
  let before = 0
  for (let index = 0; index < width && before < k; index += 1) {
    const score = outputs[start + index] ?? NaN
    if (score > own || (score === own && index < label)) before += 1
  }
  return before < k
}

export const top1 = topK(1)
export const top5 = topK(5)

// Classification and regression: scores or numbers of every sample.

import { startAgreement } from '../agreement.ts'
import type { MetricName } from '../metrics/metrics.ts'
import { METRICS } from '../metrics/metrics.ts'
import type { EvaluationTask, NamedValues, TaskBatch } from './task.ts'
import { NO_AGREEMENT, isWhole, valuesOf } from './task.ts'

export interface ScoresOptions {
  readonly metric: MetricName | 'none'
  readonly output: string
  readonly labels: string
}

export function scoresTask(options: ScoresOptions): EvaluationTask<TaskBatch> {
  const { metric, output, labels } = options
  const isCompared = metric === 'none' || METRICS[metric].compares === 'decisions'
  return {
    outputs: [output],
    labels: metric === 'none' ? [] : [labels],
    decide: (batch) => batch,
    startMetric: () => {
      if (metric === 'none') return null
      const run = METRICS[metric].start()
      return {
        add: (batch, truths) => addScores(run, batch, truths, options),
        value: () => run.value(),
      }
    },
    startAgreement: () => {
      if (!isCompared) return NO_AGREEMENT
      const run = startAgreement()
      return {
        add: (reference, actual) => {
          for (const [name, { dims, numbers }] of actual.outputs) {
            const expected = reference.outputs.get(name)?.numbers ?? numbers
            run.add(expected, numbers, dims.length > 1 ? (dims.at(-1) ?? 1) : 1)
          }
        },
        value: () => run.value(),
      }
    },
  }
}

function addScores(
  run: ReturnType<(typeof METRICS)['top1']['start']>,
  { samples, outputs }: TaskBatch,
  labels: NamedValues,
  { output, labels: name }: ScoresOptions,
): void {
  const scores = valuesOf(outputs, output)
  const truth = valuesOf(labels, name).numbers
  run.add({
    samples,
    outputs: scores.numbers,
    width: scores.numbers.length / samples,
    areClasses: isWhole(scores),
    labels: truth,
    labelWidth: truth.length / samples,
  })
}

// Classification and regression: scores or numbers of every sample.

import { startAgreement } from '../agreement.ts'
import type { MetricName } from '../metrics/metrics.ts'
import { METRICS } from '../metrics/metrics.ts'
import { EvaluationMismatch } from '../evaluation-mismatch.ts'
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
        add: (batch, truths) => addScores(run, batch, truths, options, isCompared),
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
  areScores: boolean,
): void {
  const scores = valuesOf(outputs, output)
  const truth = valuesOf(labels, name).numbers
  const width = scores.numbers.length / samples
  const areClasses = isWhole(scores)
  if (areScores && !areClasses) checkLabels(truth, Math.max(2, width), { output, labels: name })
  run.add({
    samples,
    outputs: scores.numbers,
    width,
    areClasses,
    labels: truth,
    labelWidth: truth.length / samples,
  })
}

/** A label without a score would count as a mistake of the model. */
function checkLabels(
  truth: ArrayLike<number>,
  classes: number,
  { output, labels }: Pick<ScoresOptions, 'output' | 'labels'>,
): void {
  const wrong = Array.from(truth).find((label) => label < 0 || label >= classes)
  if (wrong === undefined) return
  throw new EvaluationMismatch(
    `'${labels}' holds ${wrong}; the output '${output}' has scores of the classes 0 to ${classes - 1}`,
  )
}

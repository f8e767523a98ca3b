// How a step of pruning judges a model with some of its channels masked: by the metric where the samples have labels, and by its outputs.

import { judgeModels } from '#engine/evaluate/judge'
import { METRIC_TRAITS } from '#engine/evaluate/metrics/metrics'
import type { SensitivityTask } from '#engine/prune/sensitivity/measure-sensitivity'
import type { Model } from '#src/onnx/ir/model'
import type { Evaluation } from '#src/recipes/evaluation'
import { labelFields } from '#src/recipes/evaluation'
import type { PruneStep } from '#src/recipes/prune'
import { sensitivityOf } from '#src/recipes/prune'
import { divergenceTask } from './gradient-task.ts'
import { metricOf } from './metric-of.ts'
import { openTask } from './open-task.ts'
import type { StepContext } from './step-outcome.ts'

/** `null` where nothing is to be measured, or there are no samples. */
export async function sensitivityTask(
  model: Model,
  step: PruneStep,
  { calibration, train, spec }: Pick<StepContext, 'calibration' | 'train' | 'spec'>,
): Promise<SensitivityTask | null> {
  const wanted = sensitivityOf(step)
  const samples = calibration ?? train
  if (wanted === null || samples === null) return null
  const fields = await samples.batch(0, 1)
  const isLabelled = labelFields(spec.evaluation).every((name) => name in fields)
  const evaluation: Evaluation = isLabelled ? spec.evaluation : { ...spec.evaluation, labels: null }
  const name = metricOf(evaluation)
  const sign = name === 'none' || METRIC_TRAITS[name].higherIsBetter ? 1 : -1
  const isCurved = step.importance === 'hessian'
  return {
    ratios: wanted.ratios,
    curvature: isCurved ? await divergenceTask(model, step, { calibration, train, spec }) : 'none',
    judge: async (sessions) => {
      const task = await openTask(evaluation, sessions[0]?.outputs ?? [], samples)
      const found = await judgeModels(sessions, samples, { task, limit: wanted.samples })
      const whole = found[0]?.metric ?? null
      return found.map(({ metric, sqnr }) => ({
        quality: metric,
        drop: metric === null || whole === null ? null : sign * (whole - metric),
        outputError: sqnr === null ? 0 : 10 ** (-sqnr / 20),
      }))
    },
  }
}

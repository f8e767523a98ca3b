// Whether a step of pruning has what its importance looks at: data, gradients, labels that fit.

import type { FieldError } from '#src/domain/errors'
import type { JobSpec } from '#src/recipes/job-spec'
import type { PruneStep } from '#src/recipes/prune'
import { ACTIVATION_IMPORTANCES, GRADIENT_IMPORTANCES, sensitivityOf } from '#src/recipes/prune'
import { labelShapeFaults } from './check-labels.ts'
import type { JobInputs } from './job-inputs.ts'

export function pruneFaults(
  spec: JobSpec,
  step: PruneStep,
  index: number,
  inputs: JobInputs,
): FieldError[] {
  const { importance, method } = step
  const what = `step ${index + 1} (prune ${method} by ${importance})`
  if (isOneOf(ACTIVATION_IMPORTANCES, importance) && spec.datasets.calibration === null) {
    return [dataset(`${what} needs a calibration dataset; importance magnitude needs none`)]
  }
  if (sensitivityOf(step) !== null && inputs.train === null && inputs.calibration === null) {
    const why = `step ${index + 1} (prune ${method}) measures what the model loses with each layer`
    return [dataset(`${why}: it needs a calibration or a training dataset; it needs no labels`)]
  }
  return isOneOf(GRADIENT_IMPORTANCES, importance) ? gradientFaults(spec, index, what, inputs) : []
}

function gradientFaults(
  { evaluation }: JobSpec,
  index: number,
  what: string,
  { model, train, calibration }: JobInputs,
): FieldError[] {
  const pointer = `/steps/${index}/importance`
  const faults: FieldError[] = []
  const { supported, notes } = model.support.distill
  if (!supported) {
    const why = notes.join('; ') || 'the model has no gradients'
    const detail = `${why}; importance magnitude and activation need no gradients`
    faults.push({ pointer, code: 'step_unsupported', detail })
  }
  const data = train ?? calibration
  if (data === null) {
    const detail = `${what} needs a training or a calibration dataset; it needs no labels`
    return [...faults, dataset(detail)]
  }
  return [...faults, ...labelShapeFaults(evaluation, data)]
}

function dataset(detail: string): FieldError {
  return { pointer: '/datasets/calibration', code: 'dataset_required', detail }
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name)
}

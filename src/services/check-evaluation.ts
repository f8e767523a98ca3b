// Whether the model can be judged as asked: labels, the output they are compared with, the goal.

import type { FieldError } from '#src/domain/errors'
import type { DatasetRecord } from '#src/domain/records'
import type { JobSpec } from '#src/recipes/job-spec'
import { labelFields } from '#src/recipes/evaluation'
import { judgedOutputFaults } from './check-judged-output.ts'
import { labelShapeFaults } from './check-labels.ts'
import type { JobInputs } from './job-inputs.ts'

export function evaluationFaults(spec: JobSpec, inputs: JobInputs): FieldError[] {
  const missing = missingFaults(spec, inputs.evaluation)
  const { evaluation } = spec
  return [
    ...missing,
    ...(missing.length > 0 || inputs.evaluation === null
      ? []
      : labelShapeFaults(evaluation, inputs.evaluation)),
    ...judgedOutputFaults(evaluation, inputs, missing.length === 0),
    ...goalFaults(spec),
  ]
}

function missingFaults({ evaluation }: JobSpec, dataset: DatasetRecord | null): FieldError[] {
  const wanted = labelFields(evaluation)
  if (wanted.length === 0) return []
  if (dataset === null) {
    const detail = `the task ${evaluation.task} needs an evaluation dataset with labels`
    return [{ pointer: '/datasets/evaluation', code: 'dataset_required', detail }]
  }
  return wanted.flatMap((label, index) => {
    if (dataset.fields.some(({ name }) => name === label)) return []
    const has = dataset.fields.map(({ name }) => `'${name}'`).join(', ')
    const detail = `the dataset has no field '${label}'; it has ${has || 'no fields'}`
    const pointer = index === 0 ? '/evaluation/labels' : '/evaluation/classes'
    return [{ pointer, code: 'dataset_unusable', detail }]
  })
}

function goalFaults({ goal, evaluation }: JobSpec): FieldError[] {
  if (goal === null || goal.max_metric_drop === null || labelFields(evaluation).length > 0) {
    return []
  }
  return [
    {
      pointer: '/goal/max_metric_drop',
      code: 'evaluation_invalid',
      detail: 'a limit on the metric needs an evaluation with a metric',
    },
  ]
}

// Whether the model can be judged as asked: labels, their type, the output they are compared with, the goal.

import type { FieldError } from '#src/domain/errors'
import type { DatasetRecord } from '#src/domain/records'
import type { JobSpec } from '#src/recipes/job-spec'
import type { JobInputs } from './job-inputs.ts'

export function evaluationFaults(spec: JobSpec, inputs: JobInputs): FieldError[] {
  return [
    ...outputFaults(spec, inputs),
    ...labelFaults(spec, inputs.evaluation),
    ...goalFaults(spec),
  ]
}

function outputFaults(spec: JobSpec, { model }: JobInputs): FieldError[] {
  const { output, task } = spec.evaluation
  const names = model.graph.outputs.map(({ name }) => name)
  const list = names.map((name) => `'${name}'`).join(', ')
  const pointer = '/evaluation/output'
  if (output !== null && !names.includes(output)) {
    const detail = `the model has no output '${output}'; it has ${list}`
    return [{ pointer, code: 'evaluation_invalid', detail }]
  }
  if (output === null && task !== 'none' && names.length > 1) {
    const detail = `the model has several outputs; name the one to judge: ${list}`
    return [{ pointer, code: 'evaluation_invalid', detail }]
  }
  return []
}

function labelFaults(spec: JobSpec, dataset: DatasetRecord | null): FieldError[] {
  const { task, labels } = spec.evaluation
  if (task === 'none') return []
  if (dataset === null) {
    const detail = `the task ${task} needs an evaluation dataset with labels`
    return [{ pointer: '/datasets/evaluation', code: 'dataset_required', detail }]
  }
  const field = dataset.fields.find(({ name }) => name === labels)
  if (field === undefined) {
    const has = dataset.fields.map(({ name }) => `'${name}'`).join(', ')
    const detail = `the dataset has no field '${labels}'; it has ${has || 'no fields'}`
    return [{ pointer: '/evaluation/labels', code: 'dataset_unusable', detail }]
  }
  const whole = /^u?int\d+$/u.test(field.dtype)
  if (task === 'classification' && !whole) {
    const detail = `labels of a classification are integers, '${labels}' is ${field.dtype}`
    return [{ pointer: '/evaluation/labels', code: 'dataset_unusable', detail }]
  }
  if (task === 'classification' && field.shape.length !== 1) {
    const detail = `labels of a classification have the shape [samples], '${labels}' has [${field.shape.join(', ')}]`
    return [{ pointer: '/evaluation/labels', code: 'dataset_unusable', detail }]
  }
  return []
}

function goalFaults(spec: JobSpec): FieldError[] {
  if (spec.goal === null || spec.goal.max_metric_drop === null || spec.evaluation.task !== 'none') {
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

// Whether a step can train its model: gradients, data, labels.

import type { FieldError } from '#src/domain/errors'
import type { DatasetRecord, ModelRecord } from '#src/domain/records'
import type { JobSpec } from '#src/recipes/job-spec'
import type { ListedSpec } from '#src/recipes/listed-steps'
import type { Step } from '#src/recipes/step'
import { nameOfStep, trainingOf } from '#src/recipes/step'
import type { Training } from '#src/recipes/training'
import { studentOf } from './check-distill.ts'
import { labelShapeFaults } from './check-labels.ts'
import type { JobInputs } from './job-inputs.ts'

export function trainingFaults(spec: ListedSpec, inputs: JobInputs): FieldError[] {
  return spec.steps.flatMap((step, index) => {
    const training = trainingOf(step)
    return training === null ? [] : stepFaults(spec, step, index, training, inputs)
  })
}

function stepFaults(
  spec: JobSpec,
  step: Step,
  index: number,
  training: Training,
  { model, others, train }: JobInputs,
): FieldError[] {
  const trained = step.type === 'distill' ? studentOf(step, { model, others }) : model
  const pointer = `/steps/${index}/${step.type === 'prune' ? 'finetune' : 'training'}`
  const faults: FieldError[] = []
  const { supported, notes } = trained.support.distill
  if (!supported) {
    const detail = notes.join('; ') || 'the model cannot be trained'
    faults.push({ pointer: `/steps/${index}`, code: 'step_unsupported', detail })
  }
  if (train === null) {
    const detail = `step ${index + 1} (${nameOfStep(step)}) needs a training dataset to train; it needs no labels`
    return [...faults, { pointer: '/datasets/train', code: 'dataset_required', detail }]
  }
  const usesLabels = !('alpha' in step) || step.alpha < 1
  return [
    ...faults,
    ...sampleFaults(trained, train),
    ...augmentFaults(training, pointer, trained),
    ...outputFaults(spec, trained),
    ...(usesLabels ? labelFaults(spec, training, pointer, train) : []),
  ]
}

/** Tasks with a label at each place of the picture. */
const MAPS: readonly string[] = ['segmentation', 'image_to_image']

function labelFaults(
  { evaluation }: JobSpec,
  { labels, augment }: Training,
  pointer: string,
  train: DatasetRecord,
): FieldError[] {
  const { task } = evaluation
  if (task === 'detection' || !train.fields.some(({ name }) => name === labels)) return []
  if (augment.length > 0 && MAPS.includes(task)) {
    const detail = `labels of the task ${task} lie where the picture has what they name: they would have to change with it, which augment does not do`
    return [{ pointer: `${pointer}/augment`, code: 'step_unsupported', detail }]
  }
  return labelShapeFaults({ ...evaluation, labels }, train).map((fault) => ({
    ...fault,
    pointer: `${pointer}/labels`,
  }))
}

/** A fixed batch can mostly be opened, and is what training takes where it cannot. */
function sampleFaults(trained: ModelRecord, train: DatasetRecord): FieldError[] {
  const batch = trained.graph.inputs[0]?.shape?.[0]
  if (typeof batch !== 'number' || batch <= train.samples) return []
  const detail = `the model takes ${batch} samples at a time, and there are ${train.samples} to train on`
  return [{ pointer: '/datasets/train', code: 'dataset_unusable', detail }]
}

/** What changes nothing would be a silent no. */
function augmentFaults({ augment }: Training, pointer: string, trained: ModelRecord): FieldError[] {
  const { inputs } = trained.graph
  const isPicture = inputs.some(
    ({ dtype, shape }) => dtype === 'float32' && (shape?.length ?? 4) === 4,
  )
  const isNumbers = inputs.every(({ dtype }) => dtype === 'float32')
  return augment.flatMap((name, index): FieldError[] => {
    if (name === 'mixup' ? isNumbers : isPicture) return []
    const detail =
      name === 'mixup'
        ? 'mixup blends numbers, and an input of the model does not hold float32'
        : `${name} changes pictures, float32 of four axes, and no input of the model is one`
    return [{ pointer: `${pointer}/augment/${index}`, code: 'step_unsupported', detail }]
  })
}

function outputFaults({ evaluation }: JobSpec, trained: ModelRecord): FieldError[] {
  const { output } = evaluation
  if (output === null || trained.graph.outputs.some(({ name }) => name === output)) return []
  const detail = `the model that is trained has no output '${output}'`
  return [{ pointer: '/evaluation/output', code: 'invalid_value', detail }]
}

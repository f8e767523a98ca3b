// Whether a student can learn from its teacher: data, gradients, and the same inputs and outputs.

import type { FieldError } from '#src/domain/errors'
import type { DatasetRecord, ModelRecord } from '#src/domain/records'
import type { DistillStep } from '#src/recipes/distill'
import type { JobSpec } from '#src/recipes/job-spec'
import { labelShapeFaults } from './check-labels.ts'
import type { JobInputs } from './job-inputs.ts'

export function distillFaults(spec: JobSpec, inputs: JobInputs): FieldError[] {
  return spec.steps.flatMap((step, index) =>
    step.type === 'distill' ? stepFaults(spec, step, index, inputs) : [],
  )
}

function stepFaults(
  spec: JobSpec,
  step: DistillStep,
  index: number,
  inputs: JobInputs,
): FieldError[] {
  const pointer = `/steps/${index}`
  const { model, others, train } = inputs
  const student = step.student === null ? model : (others.get(step.student) ?? model)
  const teacher = step.teacher === null ? model : (others.get(step.teacher) ?? model)
  const faults: FieldError[] = []
  if (!student.support.distill.supported) {
    const why = student.support.distill.notes.join('; ') || 'the model cannot be trained'
    faults.push({ pointer, code: 'step_unsupported', detail: why })
  }
  if (step.student !== null && index > 0) {
    const detail = `step ${index + 1} brings a student of its own: what the steps before it made would be lost`
    faults.push({ pointer: `${pointer}/student`, code: 'pipeline_conflict', detail })
  }
  faults.push(...interfaceFaults(`${pointer}/student`, 'student', student, model))
  faults.push(...interfaceFaults(`${pointer}/teacher`, 'teacher', teacher, model))
  if (train === null) {
    const detail = `step ${index + 1} (distill) needs a training dataset; it needs no labels`
    faults.push({ pointer: '/datasets/train', code: 'dataset_required', detail })
  } else {
    faults.push(...dataFaults(spec, step, pointer, student, train))
    faults.push(...lessonFaults(spec, step, index, train))
  }
  return faults
}

/** The same data goes into both and the same outputs are compared, so they must be called and shaped alike. */
function interfaceFaults(
  pointer: string,
  role: string,
  one: ModelRecord,
  model: ModelRecord,
): FieldError[] {
  if (one === model) return []
  const faults: FieldError[] = []
  for (const kind of ['inputs', 'outputs'] as const) {
    for (const wanted of model.graph[kind]) {
      const found = one.graph[kind].find(({ name }) => name === wanted.name)
      const is = (value: typeof wanted) => `${value.dtype} [${value.shape?.join(', ') ?? '?'}]`
      const what = `${kind.slice(0, -1)} '${wanted.name}'`
      if (found === undefined) {
        const detail = `the ${role} has no ${what}, which the job's model has`
        faults.push({ pointer, code: 'shape_mismatch', detail })
      } else if (!fits(found, wanted)) {
        const detail = `${what} of the ${role} is ${is(found)}, of the job's model ${is(wanted)}`
        faults.push({ pointer, code: 'shape_mismatch', detail })
      }
    }
  }
  return faults
}

type Interface = ModelRecord['graph']['inputs'][number]

function fits(one: Interface, other: Interface): boolean {
  if (one.dtype !== other.dtype) return false
  if (one.shape === null || other.shape === null) return true
  if (one.shape.length !== other.shape.length) return false
  return one.shape.every((size, axis) => {
    const wanted = other.shape?.[axis]
    return axis === 0 || typeof size !== 'number' || typeof wanted !== 'number' || size === wanted
  })
}

/** Tasks with a label at each place of the picture. */
const MAPS: readonly string[] = ['segmentation', 'image_to_image']

/** Labels of the task's kind; and a student that is its own teacher must have something else to learn from. */
function lessonFaults(
  spec: JobSpec,
  step: DistillStep,
  index: number,
  train: DatasetRecord,
): FieldError[] {
  const { labels } = step.training
  const pointer = `/steps/${index}`
  const hasLabels = step.alpha < 1 && train.fields.some(({ name }) => name === labels)
  const isUnchanged = spec.steps.slice(0, index).every(({ type }) => type === 'simplify')
  if (!hasLabels) {
    if (step.student !== null || step.teacher !== null || !isUnchanged) return []
    const detail = `step ${index + 1} has nothing to learn: the student is its own teacher, and there are no labels; name another teacher or student, or prune first`
    return [{ pointer, code: 'pipeline_conflict', detail }]
  }
  if (spec.evaluation.task === 'detection') return []
  if (step.training.augment.length > 0 && MAPS.includes(spec.evaluation.task)) {
    const detail = `labels of the task ${spec.evaluation.task} lie where the picture has what they name: they would have to change with it, which augment does not do`
    return [{ pointer: `${pointer}/training/augment`, code: 'step_unsupported', detail }]
  }
  const judged = { ...spec.evaluation, labels }
  return labelShapeFaults(judged, train).map((fault) => ({
    ...fault,
    pointer: `${pointer}/training/labels`,
  }))
}

function dataFaults(
  spec: JobSpec,
  { training }: DistillStep,
  pointer: string,
  student: ModelRecord,
  train: DatasetRecord,
): FieldError[] {
  const faults: FieldError[] = []
  const batch = student.graph.inputs[0]?.shape?.[0]
  const taken = Math.min(training.batch_size, train.samples)
  if (typeof batch === 'number' && batch !== taken) {
    const detail = `the model takes ${batch} samples at a time, training ${taken}`
    faults.push({ pointer: `${pointer}/training/batch_size`, code: 'shape_mismatch', detail })
  }
  const { fraction } = training.early_stopping ?? { fraction: 0 }
  const held =
    fraction === 0 ? 0 : taken * Math.max(1, Math.round((fraction * train.samples) / taken))
  if (train.samples - held < taken) {
    const detail = `${train.samples} samples are too few to train in batches of ${taken} and to hold some back`
    faults.push({ pointer: `${pointer}/training/early_stopping`, code: 'dataset_unusable', detail })
  }
  const { output } = spec.evaluation
  if (output !== null && !student.graph.outputs.some(({ name }) => name === output)) {
    const detail = `the model that is trained has no output '${output}'`
    faults.push({ pointer: '/evaluation/output', code: 'invalid_value', detail })
  }
  return faults
}

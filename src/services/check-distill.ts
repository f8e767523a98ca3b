// Whether a student can learn from its teacher: they take and give the same, and differ.

import type { FieldError } from '#src/domain/errors'
import type { DatasetRecord, ModelRecord } from '#src/domain/records'
import type { DistillStep } from '#src/recipes/distill'
import { generatedStudentOf, uploadedStudent } from '#src/recipes/distill'
import type { ListedSpec } from '#src/recipes/listed-steps'
import type { JobInputs } from './job-inputs.ts'

export function distillFaults(spec: ListedSpec, inputs: JobInputs): FieldError[] {
  return spec.steps.flatMap((step, index) =>
    step.type === 'distill' ? stepFaults(spec, step, index, inputs) : [],
  )
}

function stepFaults(
  spec: ListedSpec,
  step: DistillStep,
  index: number,
  { model, others, train }: JobInputs,
): FieldError[] {
  const pointer = `/steps/${index}`
  const teacher = teacherOf(step, { model, others })
  const student = studentOf(step, { model, others })
  const faults: FieldError[] = []
  if (step.student !== null && index > 0) {
    const detail = `step ${index + 1} brings a student of its own: what the steps before it made would be lost`
    faults.push({ pointer: `${pointer}/student`, code: 'pipeline_conflict', detail })
  }
  // A student that is made takes and gives what its teacher does.
  if (student !== teacher) {
    faults.push(...interfaceFaults(`${pointer}/student`, 'student', student, model))
  }
  faults.push(...interfaceFaults(`${pointer}/teacher`, 'teacher', teacher, model))
  if (train !== null && isOwnTeacher(spec, step, index) && !hasLabels(step, train)) {
    const detail = `step ${index + 1} has nothing to learn: the student is its own teacher, and there are no labels; name another teacher or student, or prune first`
    faults.push({ pointer, code: 'pipeline_conflict', detail })
  }
  return faults
}

type Models = Pick<JobInputs, 'model' | 'others'>

export function teacherOf({ teacher }: DistillStep, { model, others }: Models): ModelRecord {
  return teacher === null ? model : (others.get(teacher) ?? model)
}

/** Whose graph the step trains: that of the teacher, where the student is made of it. */
export function studentOf(step: DistillStep, models: Models): ModelRecord {
  if (generatedStudentOf(step) !== null) return teacherOf(step, models)
  const uploaded = uploadedStudent(step)
  return uploaded === null ? models.model : (models.others.get(uploaded) ?? models.model)
}

function isOwnTeacher(
  { steps }: ListedSpec,
  { student, teacher }: DistillStep,
  index: number,
): boolean {
  if (student !== null || teacher !== null) return false
  return steps.slice(0, index).every(({ type }) => type === 'simplify')
}

function hasLabels({ alpha, training }: DistillStep, { fields }: DatasetRecord): boolean {
  return alpha < 1 && fields.some(({ name }) => name === training.labels)
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

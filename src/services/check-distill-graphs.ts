// What distillation asks of the inside of graphs: inner values that exist and fit, blocks that can be left out.

import type { FieldError } from '#src/domain/errors'
import type { ModelRecord } from '#src/domain/records'
import type { Shape } from '#src/onnx/ir/value-type'
import { channelAxis, hintObstacle } from '#src/onnx/structure/hint-shapes'
import type { DistillHint, DistillStep } from '#src/recipes/distill'
import { generatedStudentOf } from '#src/recipes/distill'
import type { ListedSpec } from '#src/recipes/listed-steps'
import { studentOf, teacherOf } from './check-distill.ts'
import type { GraphStructure } from './examine-model.ts'
import { graphStructure } from './examine-model.ts'
import type { JobInputs } from './job-inputs.ts'
import { withBlobFile } from './scratch-file.ts'
import type { ServiceContext } from './service-context.ts'

/** Reads only the graphs that a step says something about. */
export async function distillGraphFaults(
  context: ServiceContext,
  spec: ListedSpec,
  inputs: JobInputs,
): Promise<FieldError[]> {
  const read = new Map<string, GraphStructure>()
  const structureOf = async (model: ModelRecord, depth = 1): Promise<GraphStructure> => {
    const key = `${model.id} ${depth}`
    const known = read.get(key) ?? (await readStructure(context, model, depth))
    read.set(key, known)
    return known
  }
  const faults: FieldError[] = []
  for (const [index, step] of spec.steps.entries()) {
    if (step.type !== 'distill') continue
    const pointer = `/steps/${index}`
    const teacher = teacherOf(step, inputs)
    const size = generatedStudentOf(step)
    const depth = size?.depth ?? 1
    if (size !== null) {
      const { blocks } =
        depth < 1 ? await structureOf(teacher, depth) : { blocks: 'unread' as const }
      faults.push(...sizeFaults(teacher, size, blocks, `${pointer}/student`))
    }
    if (step.hints.length === 0) continue
    const own = await structureOf(studentOf(step, inputs), depth)
    const wanted = await structureOf(teacher)
    faults.push(...hintFaults(step, own, wanted, pointer))
  }
  return faults
}

async function readStructure(
  context: ServiceContext,
  model: ModelRecord,
  depth: number,
): Promise<GraphStructure> {
  const filename = model.container === 'zip' ? 'model.zip' : 'model.onnx'
  return await withBlobFile(context, model.sha256, filename, (path, folder) =>
    graphStructure(path, model.container, folder, depth),
  )
}

function sizeFaults(
  teacher: ModelRecord,
  { width, depth }: { readonly width: number; readonly depth: number },
  blocks: number | 'unread',
  pointer: string,
): FieldError[] {
  const faults: FieldError[] = []
  const { supported, notes } = teacher.support.prune
  if (width < 1 && !supported) {
    const detail = `no narrower copy of the teacher can be made: ${notes.join('; ')}`
    faults.push({ pointer: `${pointer}/width`, code: 'step_unsupported', detail })
  }
  if (depth < 1 && blocks === 0) {
    const detail = 'the teacher has no residual block of one shape that could be left out'
    faults.push({ pointer: `${pointer}/depth`, code: 'step_unsupported', detail })
  }
  return faults
}

function hintFaults(
  { hints }: DistillStep,
  student: GraphStructure,
  teacher: GraphStructure,
  pointer: string,
): FieldError[] {
  return hints.flatMap((hint, index): FieldError[] => {
    const place = `${pointer}/hints/${index}`
    const missing = [
      ...missingFault(student, hint.student, 'student', `${place}/student`),
      ...droppedFault(student, hint.student, `${place}/student`),
      ...missingFault(teacher, hint.teacher ?? hint.student, 'teacher', `${place}/teacher`),
    ]
    if (missing.length > 0) return missing
    const obstacle = obstacleOf(hint, student, teacher)
    if (obstacle === null) return []
    const detail = `'${hint.student}' and '${hint.teacher ?? hint.student}': ${obstacle}`
    return [{ pointer: place, code: 'shape_mismatch', detail }]
  })
}

function missingFault(
  { shapes }: GraphStructure,
  name: string,
  role: string,
  pointer: string,
): FieldError[] {
  if (shapes.has(name)) return []
  return [{ pointer, code: 'invalid_value', detail: `the ${role} has no inner value '${name}'` }]
}

function droppedFault({ lost }: GraphStructure, name: string, pointer: string): FieldError[] {
  if (!lost.has(name)) return []
  const detail = `the student has no inner value '${name}': it lies in a block that its depth leaves out`
  return [{ pointer, code: 'invalid_value', detail }]
}

function obstacleOf(
  hint: DistillHint,
  student: GraphStructure,
  teacher: GraphStructure,
): string | null {
  const shapeOf = ({ shapes }: GraphStructure, name: string): Shape => shapes.get(name) ?? null
  const pair = {
    student: shapeOf(student, hint.student),
    teacher: shapeOf(teacher, hint.teacher ?? hint.student),
  }
  return hintObstacle(pair, channelAxis(hint.channel_axis, pair.student), hint.compare)
}

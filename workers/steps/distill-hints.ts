// Inner values of a student and its teacher, as terms of a loss.

import type { HintTerm } from '#engine/train/losses/loss-term'
import { innerValue } from '#engine/train/losses/append-loss'
import { teacherTarget } from '#engine/train/teacher'
import { TersorError } from '#src/domain/errors'
import type { Model } from '#src/onnx/ir/model'
import type { Shape } from '#src/onnx/ir/value-type'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { channelAxis, hintObstacle } from '#src/onnx/structure/hint-shapes'
import type { DistillStep } from '#src/recipes/distill'

/** @throws TersorError step_unsupported naming the value that is not there, or does not fit */
export function hintTerms(
  student: Model,
  teacher: Model,
  { hints, training }: Pick<DistillStep, 'hints' | 'training'>,
): HintTerm[] {
  if (hints.length === 0) return []
  const [own, other] = [shapesOf(student, 'student'), shapesOf(teacher, 'teacher')]
  return hints.map((hint, index): HintTerm => {
    const wanted = hint.teacher ?? hint.student
    const pair = { student: own(hint.student), teacher: other(wanted) }
    const axis = channelAxis(hint.channel_axis, pair.student)
    const obstacle = hintObstacle(pair, axis, hint.compare)
    if (obstacle !== null) {
      const what = `hint ${index + 1} ('${hint.student}' and '${wanted}')`
      throw new TersorError('step_unsupported', `${what}: ${obstacle}`)
    }
    const [from, to] = [pair.student, pair.teacher].map((shape) => Number(shape?.at(axis)))
    const target = teacherTarget(`hint ${index}/${wanted}`)
    return {
      kind: 'hint',
      output: hint.student,
      target,
      targetType: 'float32',
      teacher: wanted,
      compare: hint.compare,
      axis,
      weight: hint.weight,
      adapter:
        hint.compare === 'attention' || from === undefined || to === undefined
          ? 'none'
          : { name: `adapter/${target}`, from, to, seed: training.seed + index },
    }
  })
}

function shapesOf(model: Model, role: string): (name: string) => Shape {
  const facts = inferTypes(model)
  return (name) => {
    const value = innerValue(model.graph, name)
    if (value === undefined) {
      const detail = `the ${role} has no value '${name}' by now: an earlier step, or its own making, took it out`
      throw new TersorError('step_unsupported', detail)
    }
    const type = facts.type(value)
    return type?.kind === 'tensor' ? type.shape : null
  }
}

// Step `distill`: trains the student on what its teacher says of the training data.

import type { DistillStep } from '#src/recipes/distill'
import { runTraining } from './run-training.ts'
import type { StepRunner } from './step-outcome.ts'

export const runDistill: StepRunner<DistillStep> = async (current, step, context) => {
  const student = step.student === null ? current : await context.openModel(step.student)
  const teacher = await context.openModel(step.teacher)
  const outcome = await runTraining(student, teacher, step, context)
  const models = {
    teacher: step.teacher ?? context.spec.model,
    student: step.student ?? 'the model so far',
  }
  return {
    ...outcome,
    model: student,
    details: { ...models, ...outcome.details },
    layerNoise: new Map(),
  }
}

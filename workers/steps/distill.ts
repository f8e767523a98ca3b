// Step `distill`: trains the student on what its teacher says of the training data.

import { makeStudent } from '#engine/distill/make-student'
import type { StudentReport } from '#engine/distill/make-student'
import type { Model } from '#src/onnx/ir/model'
import type { DistillStep } from '#src/recipes/distill'
import { generatedStudentOf, uploadedStudent } from '#src/recipes/distill'
import { calibrationFeeds } from './calibration-feeds.ts'
import { hintTerms } from './distill-hints.ts'
import { runTraining } from './run-training.ts'
import type { StepContext, StepRunner } from './step-outcome.ts'

/** Training samples that the weights of a student that is made are fitted to. */
const FITTED = 256

export const runDistill: StepRunner<DistillStep> = async (current, step, context) => {
  const teacher = await context.openModel(step.teacher)
  const made = await madeStudent(step, context)
  const uploaded = uploadedStudent(step)
  const named = uploaded === null ? current : await context.openModel(uploaded)
  const student = made?.model ?? named
  const hints = hintTerms(student, teacher, step)
  const outcome = await runTraining(student, teacher, { ...step, hints }, context)
  const models = {
    teacher: step.teacher ?? context.spec.model,
    student: uploaded ?? (made === null ? 'the model so far' : made.details),
  }
  return {
    ...outcome,
    model: student,
    details: { ...models, ...outcome.details },
    declined: [...(made?.declined ?? []), ...outcome.declined],
    layerNoise: new Map(),
  }
}

async function madeStudent(
  step: DistillStep,
  { openModel, train, runtime, log }: StepContext,
): Promise<(StudentReport & { readonly model: Model }) | null> {
  const size = generatedStudentOf(step)
  if (size === null) return null
  const model = await openModel(step.teacher)
  const feeds = train === null ? 'none' : calibrationFeeds(model, train, FITTED)
  const report = await makeStudent(model, size, feeds, runtime)
  log(`student of width ${size.width} and depth ${size.depth} made of its teacher`)
  return { model, ...report }
}

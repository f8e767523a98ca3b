// What a step that took something from a model may do to make up for it: train it on what the model said before.

import type { Training } from '#src/recipes/training'
import { runTraining } from './run-training.ts'
import type { StepContext, StepOutcome } from './step-outcome.ts'

/** The original says most of what is right: of few samples its answers tell more than their labels do. */
export const AS_BEFORE = { loss: 'auto', temperature: 4, alpha: 0.9 } as const

/** Trains the model of the outcome; its zeros stay. @throws TersorError as `runTraining` does */
export async function finetuned(
  outcome: StepOutcome,
  training: Training,
  context: StepContext,
): Promise<StepOutcome> {
  const original = await context.openModel(null)
  const request = { ...AS_BEFORE, training }
  const trained = await runTraining(outcome.model, original, request, context)
  return {
    ...outcome,
    details: { ...outcome.details, finetune: trained.details },
    declined: [...outcome.declined, ...trained.declined],
    warnings: [...outcome.warnings, ...trained.warnings],
  }
}

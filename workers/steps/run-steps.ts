// Carries out steps one after the other, and says of each how long it took and what it left.

import { staticMeasures } from '#engine/evaluate/static-measures'
import type { StepReport } from '#src/domain/report'
import type { Model } from '#src/onnx/ir/model'
import { modelSize } from '#src/onnx/write-model'
import type { Step } from '#src/recipes/step'
import { methodOf } from '#src/recipes/step'
import type { StepContext, StepOutcome } from './step-outcome.ts'
import { runStep } from './steps.ts'

export interface MadeModel {
  readonly model: Model
  readonly reports: readonly StepReport[]
  /** Of the last step that tells any. */
  readonly layerNoise: StepOutcome['layerNoise']
}

/** `contextOf` is asked for each step in turn. @throws TersorError, OnnxError, RuntimeRejection */
export async function runSteps(
  model: Model,
  steps: readonly Step[],
  contextOf: (step: Step, index: number) => StepContext,
): Promise<MadeModel> {
  let made: MadeModel = { model, reports: [], layerNoise: new Map() }
  for (const [index, step] of steps.entries()) {
    const {
      model: next,
      layerNoise,
      report,
    } = await timedStep(made.model, step, contextOf(step, index))
    made = {
      model: next,
      reports: [...made.reports, report],
      layerNoise: layerNoise.size > 0 ? layerNoise : made.layerNoise,
    }
  }
  return made
}

async function timedStep(
  before: Model,
  step: Step,
  context: StepContext,
): Promise<Pick<StepOutcome, 'model' | 'layerNoise'> & { readonly report: StepReport }> {
  const start = performance.now()
  const outcome = await runStep(before, step, context)
  const { model, details, declined, warnings, layerNoise } = outcome
  const duration = performance.now() - start
  const { parameters, macs, sparsity } = staticMeasures(model, null)
  const after = { size_bytes: modelSize(model, 'inline'), parameters, macs, sparsity }
  const report = {
    type: step.type,
    method: methodOf(step),
    duration_ms: duration,
    after,
    details: { ...details },
    declined: [...declined],
    warnings: [...warnings],
  }
  return { model, layerNoise, report }
}

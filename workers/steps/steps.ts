// Every step of the recipe and what runs it.

import type { Model } from '#src/onnx/ir/model'
import type { Step, StepType } from '#src/recipes/step'
import { runDistill } from './distill.ts'
import { runFactorize } from './factorize.ts'
import { inFloat32 } from './in-float32.ts'
import { runPrune } from './prune.ts'
import { runQuantizeDynamic } from './quantize-dynamic.ts'
import { runQuantizeFloat16 } from './quantize-float16.ts'
import { runQuantizeQat } from './quantize-qat.ts'
import { runQuantizeStatic } from './quantize-static.ts'
import { runQuantizeWeightOnly } from './quantize-weight-only.ts'
import { runSimplify } from './simplify.ts'
import type { StepContext, StepOutcome, StepRunner } from './step-outcome.ts'

type StepOf<T extends StepType> = Extract<Step, { type: T }>
type QuantizeStep = StepOf<'quantize'>

const QUANTIZE = {
  static: runQuantizeStatic,
  dynamic: runQuantizeDynamic,
  weight_only: runQuantizeWeightOnly,
  float16: runQuantizeFloat16,
  qat: inFloat32(runQuantizeQat, 'quantized'),
} as const satisfies {
  [M in QuantizeStep['method']]: StepRunner<Extract<QuantizeStep, { method: M }>>
}

const runQuantize: StepRunner<QuantizeStep> = (model, step, context) => {
  // The table's type pairs every method with its own step; an index cannot.
  const run = QUANTIZE[step.method] as StepRunner<QuantizeStep>
  return run(model, step, context)
}

export const STEPS = {
  simplify: runSimplify,
  quantize: runQuantize,
  prune: inFloat32(runPrune, 'narrowed'),
  distill: inFloat32(runDistill, 'narrowed'),
  factorize: inFloat32(runFactorize, 'narrowed'),
} as const satisfies { [T in StepType]: StepRunner<StepOf<T>> }

export async function runStep(
  model: Model,
  step: Step,
  context: StepContext,
): Promise<StepOutcome> {
  const run = STEPS[step.type] as StepRunner<Step>
  return await run(model, step, context)
}

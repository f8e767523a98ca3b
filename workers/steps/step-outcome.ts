// What a step works with and what it gives back.

import type { Samples } from '#engine/evaluate/judge'
import type { Declined } from '#engine/rewrite/pass'
import type { Runtime } from '#engine/runtime/runtime'
import type { ReportWarning } from '#src/domain/report'
import type { Model } from '#src/onnx/ir/model'
import type { JobSpec } from '#src/recipes/job-spec'
import type { TrainingCheckpoints } from './training-checkpoints.ts'

export interface StepContext {
  readonly runtime: Runtime
  readonly spec: JobSpec
  readonly calibration: Samples | null
  readonly evaluation: Samples | null
  readonly train: Samples | null
  /** A new copy of a model that a step names; of the job's own for `null`. */
  readonly openModel: (id: string | null) => Promise<Model>
  /** An existing folder for what is too large for memory. */
  readonly scratch: string
  readonly checkpoints: TrainingCheckpoints
  /** Share of this step that is done; what it foresees itself, if it does. */
  readonly progress: (fraction: number, message: string, etaSeconds?: number) => void
  readonly log: (line: string) => void
}

export interface StepOutcome {
  /** The one given, changed, or another. */
  readonly model: Model
  readonly details: Readonly<Record<string, unknown>>
  readonly declined: readonly Declined[]
  readonly warnings: readonly ReportWarning[]
  /** Signal ÷ noise of layers' outputs in dB, by node name; empty where the step tells nothing about it. */
  readonly layerNoise: ReadonlyMap<string, number>
}

export type StepRunner<Step> = (
  model: Model,
  step: Step,
  context: StepContext,
) => Promise<StepOutcome>

/** For a part of the step that takes it from one share of its progress to another. */
export function partOf(context: StepContext, from: number, to: number): StepContext {
  const { progress } = context
  return {
    ...context,
    progress: (fraction, message, etaSeconds) =>
      progress(from + (to - from) * fraction, message, etaSeconds),
  }
}

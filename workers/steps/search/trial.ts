// One trial of a search: steps carried out on the original, what comes out timed and judged against it.

import type { Figures } from '#engine/search/limits'
import { RuntimeRejection } from '#engine/runtime/runtime'
import { TersorError } from '#src/domain/errors'
import type { ErrorCode } from '#src/domain/errors'
import type { Model } from '#src/onnx/ir/model'
import { OnnxError } from '#src/onnx/onnx-error'
import { modelSize } from '#src/onnx/write-model'
import type { Step } from '#src/recipes/step'
import type { MadeModel } from '../run-steps.ts'
import { runSteps } from '../run-steps.ts'
import type { StepContext } from '../step-outcome.ts'
import { tryModels } from '../try-models.ts'
import type { TimeLimit } from './time-limit.ts'
import { OutOfTime } from './time-limit.ts'

/** Samples that the first judgement takes. */
const FIRST_SAMPLES = 1024

export interface Tried {
  readonly kind: 'tried'
  readonly made: MadeModel
  readonly figures: Figures
  readonly unit: string
  readonly maxLoss: number
}

export interface Refused {
  readonly kind: 'refused'
  readonly code: ErrorCode | 'none'
  readonly reason: string
}

export type TrialOutcome = Tried | Refused | { readonly kind: 'out_of_time' }

export interface TrialPlace {
  readonly original: () => Model
  /** Of the steps. */
  readonly context: StepContext
  readonly time: TimeLimit | 'none'
}

/** What a trial alone cannot do is its result, not an error. @throws Error for what would end any trial */
export async function runTrial(
  steps: readonly Step[],
  { original, context, time }: TrialPlace,
): Promise<TrialOutcome> {
  if (time !== 'none' && time.isOver()) return { kind: 'out_of_time' }
  const progress: StepContext['progress'] = (fraction, message, etaSeconds) => {
    if (time !== 'none') time.check(etaSeconds)
    context.progress(fraction, message, etaSeconds)
  }
  try {
    const limited = { ...context, progress }
    const made = await runSteps(original(), steps, () => limited)
    const judged = await judge(original(), made.model, context, FIRST_SAMPLES)
    return { kind: 'tried', made, ...judged }
  } catch (error) {
    if (error instanceof OutOfTime) return { kind: 'out_of_time' }
    const refused = refusalOf(error)
    if (refused === null) throw error
    return refused
  }
}

/** Of all samples there are, where the first judgement did not see them all. */
export async function judgedByAll(
  tried: Tried,
  { original, context }: Pick<TrialPlace, 'original' | 'context'>,
): Promise<Tried> {
  const { evaluation, calibration, spec } = context
  const there = Math.max(evaluation?.count ?? 0, calibration?.count ?? 0)
  const count = Math.min(there, spec.evaluation.samples ?? there)
  if (count <= FIRST_SAMPLES) return tried
  return { ...tried, ...(await judge(original(), tried.made.model, context, count)) }
}

async function judge(
  original: Model,
  model: Model,
  context: StepContext,
  samples: number,
): Promise<Pick<Tried, 'figures' | 'unit' | 'maxLoss'>> {
  const judging = { ...context, calibration: context.calibration ?? context.evaluation }
  const { measures, unit, maxLoss } = await tryModels(original, [model], judging, samples)
  const [own] = measures
  const bytes = modelSize(model, 'inline')
  const figures = { bytes, speedup: own?.speedup ?? 1, loss: own?.loss ?? 0 }
  return { figures, unit, maxLoss }
}

function refusalOf(error: unknown): Refused | null {
  if (error instanceof TersorError) {
    if (error.code === 'storage_full') return null
    return { kind: 'refused', code: error.code, reason: error.detail }
  }
  if (error instanceof OnnxError) return { kind: 'refused', code: 'none', reason: error.detail }
  if (error instanceof RuntimeRejection) {
    const reason = `the runtime refused to ${error.stage} what came out`
    return { kind: 'refused', code: 'runtime_rejected', reason }
  }
  return null
}

// What importance `auto` stands for.

import { obsWork } from '#engine/prune/obs/obs-work'
import type { Model } from '#src/onnx/ir/model'
import type { PruneStep } from '#src/recipes/prune'
import type { StepContext } from './step-outcome.ts'

/** Some minutes on one core: twelve transformer layers of 768 channels take 1.5e11. */
const MOST_WORK = 2e11

/** All steps know these. */
type Suiting = 'obs' | 'activation' | 'magnitude'

type Named<S extends PruneStep> = Suiting | Exclude<S['importance'], 'auto'>

export interface ChosenImportance<S extends PruneStep> {
  readonly importance: Named<S>
  /** Why it is this one. */
  readonly reason: string
}

/** `obs` wherever it can be had: on every network measured it loses least, or nearly so (figures in decision 11). */
export function chooseImportance<S extends PruneStep>(
  model: Model,
  step: S,
  { calibration }: Pick<StepContext, 'calibration'>,
): ChosenImportance<S> {
  const { importance } = step
  if (importance !== 'auto') return { importance: importance as Named<S>, reason: 'asked for' }
  if (calibration === null) {
    return { importance: 'magnitude', reason: 'there is no calibration dataset' }
  }
  if (step.method !== 'n_m' && step.threshold !== null) {
    return { importance: 'magnitude', reason: 'a threshold is a size' }
  }
  if (obsWork(model) > MOST_WORK) {
    const reason = 'obs takes long on weights as large as these: it must be asked for by name'
    return { importance: step.method === 'channel' ? 'activation' : 'magnitude', reason }
  }
  return { importance: 'obs', reason: 'what stays is fitted to the calibration dataset' }
}

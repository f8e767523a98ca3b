// What importance `auto` of single weights stands for.

import { obsWork } from '#engine/prune/obs/obs-work'
import type { Model } from '#src/onnx/ir/model'
import type { PruneNmStep, PruneUnstructuredStep } from '#src/recipes/prune'
import type { StepContext } from './step-outcome.ts'

/** Some minutes on one core: twelve transformer layers of 768 channels take 1.5e11. */
const MOST_WORK = 2e11

type Named = PruneUnstructuredStep['importance']

export interface ElementImportance {
  readonly importance: Exclude<Named, 'auto'>
  /** Why it is this one. */
  readonly reason: string
}

export function elementImportance(
  model: Model,
  step: PruneUnstructuredStep | PruneNmStep,
  { calibration }: Pick<StepContext, 'calibration'>,
): ElementImportance {
  const { importance } = step
  if (importance !== 'auto') return { importance, reason: 'asked for' }
  const obstacle = obsObstacle(model, step, calibration === null)
  return obstacle === 'none'
    ? { importance: 'obs', reason: 'what stays is fitted to the calibration dataset' }
    : { importance: 'magnitude', reason: obstacle }
}

function obsObstacle(
  model: Model,
  step: PruneUnstructuredStep | PruneNmStep,
  lacksData: boolean,
): string {
  if (lacksData) return 'there is no calibration dataset'
  if (step.method === 'unstructured' && step.threshold !== null) return 'a threshold is a size'
  if (obsWork(model) > MOST_WORK) {
    return 'obs takes long on weights as large as these: it must be asked for by name'
  }
  return 'none'
}

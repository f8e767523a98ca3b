// What importance `auto` stands for.

import { obsWork } from '#engine/prune/obs/obs-work'
import type { Samples } from '#engine/evaluate/judge'
import { countMacs } from '#src/onnx/macs/count-macs'
import type { Model } from '#src/onnx/ir/model'
import type { PruneStep } from '#src/recipes/prune'
import type { StepContext } from './step-outcome.ts'

/**
 * Multiply-accumulates that `obs` may take: to fit what stays (twelve transformer layers of 768 channels: 1.5e11), and to run the
 * samples. Some minutes on one core; MobileNetV2 at 224² takes 140 s for 128 samples (4e10 to run) where activations take 15.
 * Channels gain less by it than single weights.
 */
const MOST_FITTING = 2e11
const MOST_RUNNING = { channel: 2e10, unstructured: 2e11, n_m: 2e11 } as const

/** All steps know these. */
type Suiting = 'obs' | 'activation' | 'magnitude'

type Named<S extends PruneStep> = Suiting | Exclude<S['importance'], 'auto'>

export interface ChosenImportance<S extends PruneStep> {
  readonly importance: Named<S>
  /** Why it is this one. */
  readonly reason: string
}

/** `obs` wherever it can be had: on every network measured it loses least, or nearly so (figures in decision 11). */
export async function chooseImportance<S extends PruneStep>(
  model: Model,
  step: S,
  { calibration }: Pick<StepContext, 'calibration'>,
): Promise<ChosenImportance<S>> {
  const { importance } = step
  if (importance !== 'auto') return { importance: importance as Named<S>, reason: 'asked for' }
  if (calibration === null) {
    return { importance: 'magnitude', reason: 'there is no calibration dataset' }
  }
  if (step.method !== 'n_m' && step.threshold !== null) {
    return { importance: 'magnitude', reason: 'a threshold is a size' }
  }
  const running =
    (await macsOfSample(model, calibration)) * Math.min(step.samples, calibration.count)
  if (obsWork(model) > MOST_FITTING || running > MOST_RUNNING[step.method]) {
    const reason = 'obs takes long on a model as large as this: it must be asked for by name'
    return { importance: step.method === 'channel' ? 'activation' : 'magnitude', reason }
  }
  return { importance: 'obs', reason: 'what stays is fitted to the calibration dataset' }
}

/** 0 where it is not known. */
async function macsOfSample(model: Model, samples: Samples): Promise<number> {
  const fields = Object.entries(await samples.batch(0, 1))
  return countMacs(model, Object.fromEntries(fields.map(([name, { dims }]) => [name, dims]))) ?? 0
}

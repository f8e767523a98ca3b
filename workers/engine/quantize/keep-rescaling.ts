// Whether a rescaled model is kept: judged again with the ranges that it will have. The trial before was with the whole ranges of few
// samples (try-rescaling), and ranges that cut off outliers do part of what rescaling does.

import type { Model } from '#src/onnx/ir/model'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import type { Calibration } from './calibrate.ts'
import { firstSamples } from './first-samples.ts'
import type { OutputError } from './output-error.ts'
import { outputError, runAll } from './output-error.ts'
import type { Rescaled } from './rescale.ts'

/** More than the trial had. */
const SAMPLES = 48

/** Noise must fall by this share: rescaled weights are coarser in what the samples do not show. */
const GAIN = 0.1

export interface CalibratedModel extends Rescaled {
  readonly calibration: Calibration
}

export interface RescalingJudge {
  readonly calibrated: (model: Model) => Promise<Calibration>
  readonly quantized: (model: Model, calibration: Calibration) => Model
}

/** `plain`: the model before. */
export async function keepRescaling(
  plain: Model,
  rescaled: Rescaled,
  { calibrated, quantized }: RescalingJudge,
  feeds: FeedSource,
  runtime: Runtime,
  threads: number,
): Promise<CalibratedModel> {
  const calibration = await calibrated(rescaled.model)
  if (rescaled.model === plain) return { ...rescaled, calibration }
  const other = await calibrated(plain)
  const few = await firstSamples(plain, feeds, SAMPLES)
  const wanted = await runAll(plain, few, runtime, threads)
  const errorOf = async (model: Model, ranges: Calibration): Promise<OutputError> =>
    outputError(wanted, await runAll(quantized(model, ranges), few, runtime, threads))
  const before = await errorOf(plain, other)
  const after = await errorOf(rescaled.model, calibration)
  const share = Math.max(after.noise / before.noise, after.centred / before.centred)
  if (share <= 1 - GAIN) return { ...rescaled, calibration }
  const percent = (100 * (share - 1)).toFixed(0)
  const reason = `with the ranges chosen, noise would change by ${percent} %; it must fall by ${100 * GAIN} %`
  return {
    model: plain,
    equalized: [],
    smoothed: [],
    declined: [...rescaled.declined, { rule: 'rescale', node: null, reason }],
    calibration: other,
  }
}

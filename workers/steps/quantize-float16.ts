// Step `quantize`, method `float16`.

import { quantizeFloat16 } from '#engine/quantize/float16'
import type { QuantizeFloat16Step } from '#src/recipes/quantize'
import { calibrationFeeds } from './calibration-feeds.ts'
import type { StepRunner } from './step-outcome.ts'

/** Of which the largest activations are taken. */
const SAMPLES = 64

export const runQuantizeFloat16: StepRunner<QuantizeFloat16Step> = async (model, step, context) => {
  const samples = context.calibration ?? context.evaluation
  const options = {
    keepIoTypes: step.keep_io_types,
    excludedLayers: step.excluded_layers,
    feeds: samples === null ? ('none' as const) : calibrationFeeds(model, samples, SAMPLES),
  }
  const result = await quantizeFloat16(model, options, context.runtime)
  return { ...result, warnings: [], layerNoise: new Map() }
}

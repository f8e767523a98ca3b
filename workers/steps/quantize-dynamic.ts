// Step `quantize`, method `dynamic`.

import { quantizeDynamic } from '#engine/quantize/dynamic'
import type { QuantizeDynamicStep } from '#src/recipes/quantize'
import type { StepRunner } from './step-outcome.ts'

export const runQuantizeDynamic: StepRunner<QuantizeDynamicStep> = async (model, step, context) => {
  const options = { perChannel: step.per_channel, excludedLayers: step.excluded_layers }
  const result = await quantizeDynamic(model, options, context.runtime)
  return { ...result, warnings: [], layerNoise: new Map() }
}

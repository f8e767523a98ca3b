// Step `quantize`, method `float16`.

import { quantizeFloat16 } from '#engine/quantize/float16'
import type { QuantizeFloat16Step } from '#src/recipes/quantize'
import type { StepRunner } from './step-outcome.ts'

export const runQuantizeFloat16: StepRunner<QuantizeFloat16Step> = async (model, step, context) => {
  const options = { keepIoTypes: step.keep_io_types, excludedLayers: step.excluded_layers }
  const result = await quantizeFloat16(model, options, context.runtime)
  return { ...result, warnings: [], layerNoise: new Map() }
}

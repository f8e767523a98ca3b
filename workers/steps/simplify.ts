// Step `simplify`.

import { simplify } from '#engine/rewrite/simplify'
import type { SimplifyStep } from '#src/recipes/simplify'
import type { StepRunner } from './step-outcome.ts'

export const runSimplify: StepRunner<SimplifyStep> = async (model, _step, { runtime }) => {
  const { details, declined } = await simplify(model, runtime)
  return { model, details, declined, warnings: [], layerNoise: new Map() }
}

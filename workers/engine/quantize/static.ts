// Static quantization as one call: make the candidates, measure them, keep the best.

import type { Model } from '#src/onnx/ir/model'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import type { CandidateMeasures, ChoiceRules } from './choose-candidate.ts'
import { DEFAULT_RULES, chooseCandidate } from './choose-candidate.ts'
import type { QuantizeResult } from './quantize-result.ts'
import type { StaticCandidate } from './build-candidate.ts'
import type { StaticOptions } from './static-options.ts'
import { staticCandidates } from './static-candidates.ts'

export interface StaticSelection {
  /** Compares a candidate with the simplified float model, on this host. */
  readonly measure: (candidate: StaticCandidate, float: Model) => Promise<CandidateMeasures>
  readonly rules?: ChoiceRules
}

/**
 * `model` is simplified in place and is not the result. `selection`: `unmeasured` takes the plan of the cost table as it is.
 * @throws as `staticCandidates`
 */
export async function quantizeStatic(
  model: Model,
  options: StaticOptions,
  feeds: FeedSource,
  runtime: Runtime,
  selection: StaticSelection | 'unmeasured',
): Promise<QuantizeResult> {
  const { float, candidates } = await staticCandidates(model, options, feeds, runtime)
  const [first] = candidates
  if (first === undefined) throw new RangeError('no placement was asked for')
  if (selection === 'unmeasured' || first.placement === 'unchanged') return first
  const choice = await chooseCandidate(
    candidates,
    (candidate) => selection.measure(candidate, float),
    selection.rules ?? DEFAULT_RULES,
  )
  const { model: chosen, details, declined } = choice.candidate
  const placements = choice.measures.map((measures) => ({ ...measures }))
  return {
    model: chosen,
    details: { ...details, measured_placements: placements, choice: choice.reason },
    declined,
  }
}

export { staticCandidates } from './static-candidates.ts'
export type { StaticCandidates } from './static-candidates.ts'
export { STATIC_DEFAULTS } from './static-options.ts'
export type { StaticOptions } from './static-options.ts'
export type { StaticCandidate } from './build-candidate.ts'

// Scope `auto`: ratios by sensitivity promise the least loss of each group alone, unrepaired. Whether they lose less together and
// repaired than the other scopes do is measured, and the best is handed back.

import type { Scope } from '#engine/prune/choose-removed'
import type { ChannelResult } from '#engine/prune/prune-channels'
import type {
  SensitivityTask,
  SessionJudgement,
} from '#engine/prune/sensitivity/measure-sensitivity'
import { copyModel } from '#engine/rewrite/copy-model'
import type { Runtime } from '#engine/runtime/runtime'
import { withSessions } from '#engine/runtime/with-sessions'
import type { Model } from '#src/onnx/ir/model'

/** Rewrites the model in place; `sensitivity`: another than what the step asks for, or none. */
export type Prune = (
  model: Model,
  scope: Scope,
  sensitivity?: SensitivityTask | null,
) => Promise<ChannelResult>

/** The one with the table of sensitivity first: it is reported whichever is better. */
const SCOPES = ['auto', 'layer', 'global'] as const
/** As many channels may go in layers that cost little: one that leaves so many more multiply-accumulates is no rival. */
const MORE_LEFT = 1.1
const LOADED = { threads: 1, optimization: 'all' } as const

interface Attempt {
  readonly scope: (typeof SCOPES)[number]
  readonly result: ChannelResult
  readonly judgement: SessionJudgement
  readonly macs: number
}

/** Leaves `model` as it is. @throws RuntimeRejection, PruneFailure */
export async function betterScope(
  model: Model,
  prune: Prune,
  { judge }: SensitivityTask,
  runtime: Runtime,
): Promise<ChannelResult> {
  const results: ChannelResult[] = []
  for (const kind of SCOPES) {
    results.push(await prune(copyModel(model), { kind }, kind === 'auto' ? undefined : null))
  }
  const models = [model, ...results.map((result) => result.model)]
  const [, ...judged] = await withSessions(models, LOADED, runtime, judge)
  const attempts = SCOPES.map((scope, index): Attempt => {
    const [result, judgement] = [results[index]!, judged[index]!]
    return { scope, result, judgement, macs: Number(result.details['macs_kept'] ?? 1) }
  })
  const [auto] = attempts
  const allowed = (auto?.macs ?? 1) * MORE_LEFT
  const [best] = attempts.filter(({ macs }) => macs <= allowed).toSorted(byLoss)
  if (auto === undefined || best === undefined) throw new Error('one attempt is always allowed')
  const details = {
    ...best.result.details,
    sensitivity: auto.result.details['sensitivity'] ?? 'none',
    scope: best.scope,
    tried: attempts.map(({ scope, judgement: { drop, outputError }, macs }) => {
      return { scope, drop, output_error: outputError, macs_kept: macs }
    }),
  }
  return { ...best.result, details }
}

/** By the metric, where there is one; where it is the same, by the outputs. */
function byLoss({ judgement: one }: Attempt, { judgement: other }: Attempt): number {
  return (one.drop ?? 0) - (other.drop ?? 0) || one.outputError - other.outputError
}

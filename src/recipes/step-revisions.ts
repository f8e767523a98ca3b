// Which revision of the recipes brought each step, method, option and task of evaluation: a job waits for a worker that knows what it uses.
// Whoever adds one raises the number; a worker knows everything up to the highest.

import { stepsOfSearch } from './auto-steps.ts'
import type { EvaluationTask } from './evaluation.ts'
import type { DistillStep } from './distill.ts'
import type { FactorizeStep } from './factorize.ts'
import type { JobSpec } from './job-spec.ts'
import { isListed } from './listed-steps.ts'
import type { PruneChannelStep, PruneNmStep, PruneStep, PruneUnstructuredStep } from './prune.ts'
import { GRADIENT_IMPORTANCES, sensitivityOf } from './prune.ts'
import type { QuantizeDynamicStep, QuantizeFloat16Step, QuantizeStaticStep } from './quantize.ts'
import type { QuantizeQatStep } from './quantize-qat.ts'
import type { QuantizeWeightOnlyStep } from './quantize-weight-only.ts'
import type { SimplifyStep } from './simplify.ts'
import type { Step } from './step.ts'
import { nameOfStep, trainingOf } from './step.ts'

/** A use of the step that came later than the step. */
interface LaterUse<S> {
  readonly since: number
  /** Older workers would do something else. */
  readonly isUsed: (step: S) => boolean
}

interface StepHistory<S> {
  readonly since: number
  readonly later: readonly LaterUse<S>[]
}

interface Histories {
  readonly simplify: StepHistory<SimplifyStep>
  readonly 'quantize static': StepHistory<QuantizeStaticStep>
  readonly 'quantize dynamic': StepHistory<QuantizeDynamicStep>
  readonly 'quantize float16': StepHistory<QuantizeFloat16Step>
  readonly 'quantize weight_only': StepHistory<QuantizeWeightOnlyStep>
  readonly 'quantize qat': StepHistory<QuantizeQatStep>
  readonly 'prune channel': StepHistory<PruneChannelStep>
  readonly 'prune unstructured': StepHistory<PruneUnstructuredStep>
  readonly 'prune n_m': StepHistory<PruneNmStep>
  readonly distill: StepHistory<DistillStep>
  readonly 'factorize svd': StepHistory<FactorizeStep>
}

type StepName<S extends Step> = S extends { readonly method: infer M extends string }
  ? `${S['type']} ${M}`
  : S['type']

const IN_PARTS: LaterUse<Step> = {
  since: 13,
  isUsed: (step) => (trainingOf(step)?.shards ?? 1) > 1,
}

const FINETUNED: LaterUse<PruneStep> = { since: 10, isUsed: ({ finetune }) => finetune !== null }
const BY_GRADIENTS: LaterUse<PruneStep> = {
  since: 7,
  isUsed: ({ importance }) =>
    importance === 'obs' || GRADIENT_IMPORTANCES.some((name) => name === importance),
}

const IN_ROUNDS: LaterUse<PruneStep> = { since: 7, isUsed: ({ iterations }) => iterations > 1 }

const BY_WHAT_SUITS: LaterUse<PruneStep> = {
  since: 12,
  isUsed: ({ importance }) => importance === 'auto',
}

const PRUNED_LATER = [FINETUNED, BY_GRADIENTS, IN_ROUNDS, BY_WHAT_SUITS, IN_PARTS]

const HISTORIES: Histories & Record<StepName<Step>, unknown> = {
  simplify: { since: 1, later: [] },
  'quantize static': { since: 13, later: [] },
  'quantize dynamic': { since: 13, later: [] },
  'quantize float16': { since: 1, later: [] },
  'quantize weight_only': { since: 13, later: [] },
  'quantize qat': { since: 8, later: [IN_PARTS] },
  'prune channel': {
    since: 4,
    later: [
      ...PRUNED_LATER,
      { since: 7, isUsed: (step) => sensitivityOf(step) !== null },
      { since: 7, isUsed: (step) => step.normalized_axes !== 'whole' },
      // Narrow groups are joined since 13.
      { since: 13, isUsed: (step) => step.channel_multiple === 'auto' },
      { since: 9, isUsed: (step) => step.ranked_by !== 'importance' },
      { since: 12, isUsed: (step) => step.scope === 'auto' },
    ],
  },
  'prune unstructured': { since: 4, later: PRUNED_LATER },
  'prune n_m': { since: 4, later: PRUNED_LATER },
  distill: { since: 10, later: [IN_PARTS] },
  'factorize svd': { since: 13, later: [] },
}

const TASKS_SINCE: Record<EvaluationTask, number> = {
  none: 1,
  classification: 1,
  regression: 1,
  segmentation: 3,
  detection: 3,
  image_to_image: 3,
}

/** Tasks without labels, which compare with the original alone. */
const UNLABELLED_SINCE = 3

/** Steps that the worker chooses. */
const SEARCH_SINCE = 13

/** What workers of this version know. */
export const RECIPE_REVISION = Math.max(
  UNLABELLED_SINCE,
  SEARCH_SINCE,
  ...Object.values(TASKS_SINCE),
  ...Object.values(HISTORIES).flatMap(({ since, later }: StepHistory<never>) => [
    since,
    ...later.map((use) => use.since),
  ]),
)

/** The least revision that runs these steps as they are meant, and judges what comes out as asked. */
export function leastRevision(spec: JobSpec): number {
  const { task, labels } = spec.evaluation
  const judging = Math.max(TASKS_SINCE[task], labels === null ? UNLABELLED_SINCE : 0)
  const choosing = isListed(spec) ? 0 : SEARCH_SINCE
  const steps = isListed(spec) ? spec.steps : stepsOfSearch(spec)
  return Math.max(judging, choosing, ...steps.map(revisionOf))
}

function revisionOf(step: Step): number {
  const name = nameOfStep(step) as StepName<Step>
  // The table's type pairs every name with its own step; an index cannot.
  const { since, later } = HISTORIES[name] as StepHistory<Step>
  return Math.max(since, ...later.filter(({ isUsed }) => isUsed(step)).map((use) => use.since))
}

// Step `prune`, methods `unstructured` and `n_m`: one round of them.

import { staticMeasures } from '#engine/evaluate/static-measures'
import { nmMask } from '#engine/prune/n-m-mask'
import type { ObsRule } from '#engine/prune/obs/obs-masks'
import { obsMasks } from '#engine/prune/obs/obs-masks'
import { unstructuredMask } from '#engine/prune/unstructured-mask'
import { maskWeights } from '#engine/prune/weight-masks'
import type { ReportWarning } from '#src/domain/report'
import type { Model } from '#src/onnx/ir/model'
import type { PruneNmStep, PruneUnstructuredStep } from '#src/recipes/prune'
import { chooseImportance } from './auto-importance.ts'
import { calibrationFeeds } from './calibration-feeds.ts'
import { gradientTask } from './gradient-task.ts'
import { scopeOf } from './prune-scope.ts'
import type { StepContext, StepOutcome } from './step-outcome.ts'

type MaskStep = PruneUnstructuredStep | PruneNmStep

const DEFAULT_SPARSITY = 0.5
/** Where fewer of the parameters can be pruned, it is said. */
const MOST = 0.5

/** The runtime multiplies by zeros as by any other number. */
const NO_FASTER = {
  code: 'sparsity_without_speed',
  detail: 'the runtime has no kernels for sparse weights: the model is as fast as before',
}

export async function runPruneMasks(
  model: Model,
  step: MaskStep,
  share: number,
  context: StepContext,
): Promise<StepOutcome> {
  const { calibration, runtime, spec } = context
  const { importance, reason } = await chooseImportance(model, step, context)
  const rule = ruleOf(step, share)
  const mask =
    rule.kind === 'n_m' ? nmMask(rule.n, rule.m) : unstructuredMask(rule.scope, rule.amount)
  const options = {
    rule: `prune-${step.method}`,
    excludedLayers: step.excluded_layers,
    feeds:
      calibration === null ? ('none' as const) : calibrationFeeds(model, calibration, step.samples),
  }
  const result =
    importance === 'obs'
      ? await obsMasks(model, rule, { ...options, fallback: mask }, runtime)
      : await maskWeights(
          model,
          mask,
          {
            ...options,
            importance,
            seed: spec.seed,
            gradients: await gradientTask(model, step, context),
          },
          runtime,
        )
  context.log(
    `${String(result.details['zeros'])} of ${String(result.details['elements'])} weights are 0`,
  )
  const warnings = [NO_FASTER, ...partWarnings(model, result.details['elements'])]
  const details = { importance, importance_reason: reason, ...result.details }
  return { ...result, details, warnings, layerNoise: new Map() }
}

/** What is asked for is a share of the weights of products and convolutions; tables may hold most of a model. */
function partWarnings(model: Model, elements: unknown): ReportWarning[] {
  const { parameters } = staticMeasures(model, null)
  const share = Number(elements) / Math.max(1, parameters)
  if (share >= MOST) return []
  const detail = `the ${String(elements)} weights that this step can prune are ${(100 * share).toFixed(0)} % of the ${parameters} parameters`
  return [{ code: 'few_weights_prunable', detail }]
}

/** `share`: what of it is gone after this round. */
function ruleOf(step: MaskStep, share: number): ObsRule {
  if (step.method === 'n_m') {
    const { n, m } = step
    return { kind: 'n_m', n: m - Math.round((m - n) * share), m }
  }
  const { threshold, sparsity } = step
  const amount =
    threshold === null
      ? { kind: 'sparsity' as const, value: (sparsity ?? DEFAULT_SPARSITY) * share }
      : { kind: 'threshold' as const, value: threshold }
  return { kind: 'unstructured', scope: scopeOf(step.scope, share), amount }
}

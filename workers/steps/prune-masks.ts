// Step `prune`, methods `unstructured` and `n_m`.

import { nmMask } from '#engine/prune/n-m-mask'
import { unstructuredMask } from '#engine/prune/unstructured-mask'
import type { MaskRule } from '#engine/prune/weight-masks'
import { maskWeights } from '#engine/prune/weight-masks'
import { TersorError } from '#src/domain/errors'
import type { PruneNmStep, PruneUnstructuredStep } from '#src/recipes/prune'
import { calibrationFeeds } from './calibration-feeds.ts'
import { scopeOf } from './prune-scope.ts'
import type { StepRunner } from './step-outcome.ts'

type MaskStep = PruneUnstructuredStep | PruneNmStep

const DEFAULT_SPARSITY = 0.5

/** The runtime multiplies by zeros as by any other number. */
const NO_FASTER = {
  code: 'sparsity_without_speed',
  detail: 'the runtime has no kernels for sparse weights: the model is as fast as before',
}

export const runPruneMasks: StepRunner<MaskStep> = async (model, step, context) => {
  const { calibration, runtime, spec } = context
  const { importance } = step
  if (importance !== 'magnitude' && importance !== 'activation' && importance !== 'random') {
    throw new TersorError('step_unsupported', `importance '${importance}' needs gradients`)
  }
  const options = {
    rule: `prune-${step.method}`,
    importance,
    excludedLayers: step.excluded_layers,
    seed: spec.seed,
    feeds:
      calibration === null ? ('none' as const) : calibrationFeeds(model, calibration, step.samples),
  }
  const result = await maskWeights(model, maskOf(step), options, runtime)
  return { ...result, warnings: [NO_FASTER], layerNoise: new Map() }
}

function maskOf(step: MaskStep): MaskRule {
  if (step.method === 'n_m') return nmMask(step.n, step.m)
  const { threshold, sparsity } = step
  const amount =
    threshold === null
      ? { kind: 'sparsity' as const, value: sparsity ?? DEFAULT_SPARSITY }
      : { kind: 'threshold' as const, value: threshold }
  return unstructuredMask(scopeOf(step.scope), amount)
}

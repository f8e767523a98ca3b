// Step `prune`, method `channel`.

import { MEASURES } from '#engine/prune/importance/measures'
import type { MeasureName } from '#engine/prune/importance/measures'
import type { Amount } from '#engine/prune/prune-channels'
import { pruneChannels } from '#engine/prune/prune-channels'
import { TersorError } from '#src/domain/errors'
import type { ReportWarning } from '#src/domain/report'
import type { PruneChannelStep } from '#src/recipes/prune'
import { calibrationFeeds } from './calibration-feeds.ts'
import { scopeOf } from './prune-scope.ts'
import type { StepRunner } from './step-outcome.ts'

const AMOUNTS = ['sparsity', 'threshold', 'max_macs', 'max_parameters'] as const

const DEFAULT_AMOUNT: Amount = { kind: 'sparsity', value: 0.5 }

export const runPruneChannel: StepRunner<PruneChannelStep> = async (model, step, context) => {
  const { calibration, runtime, spec } = context
  const options = {
    importance: measureOf(step),
    norm: step.norm,
    amount: amountOf(step),
    scope: scopeOf(step.scope),
    limits: { minChannels: step.min_channels, channelMultiple: step.channel_multiple },
    excludedLayers: step.excluded_layers,
    normalizedAxes: step.normalized_axes,
    repair: step.repair,
    seed: spec.seed,
  }
  const feeds = calibration === null ? 'none' : calibrationFeeds(model, calibration, step.samples)
  const result = await pruneChannels(model, options, feeds, runtime)
  const { removed, channels } = result.details
  context.log(`${String(removed)} of ${String(channels)} channels removed`)
  return { ...result, warnings: nothingRemoved(removed), layerNoise: new Map() }
}

function amountOf(step: PruneChannelStep): Amount {
  for (const kind of AMOUNTS) {
    const value = step[kind]
    if (value !== null) return { kind, value }
  }
  return DEFAULT_AMOUNT
}

function measureOf({ importance }: PruneChannelStep): MeasureName {
  if (importance in MEASURES) return importance as MeasureName
  throw new TersorError('step_unsupported', `importance '${importance}' needs gradients`)
}

function nothingRemoved(removed: unknown): ReportWarning[] {
  if (removed !== 0) return []
  return [{ code: 'nothing_pruned', detail: 'no channel could go; the reasons are in declined' }]
}

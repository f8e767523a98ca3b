// Step `prune`, method `channel`: one round of it.

import type { Amount } from '#engine/prune/prune-channels'
import { pruneChannels } from '#engine/prune/prune-channels'
import type { ReportWarning } from '#src/domain/report'
import type { Model } from '#src/onnx/ir/model'
import type { PruneChannelStep } from '#src/recipes/prune'
import { chooseImportance } from './auto-importance.ts'
import { calibrationFeeds } from './calibration-feeds.ts'
import { gradientTask } from './gradient-task.ts'
import type { Prune } from './prune-better-scope.ts'
import { betterScope } from './prune-better-scope.ts'
import type { PruneRound } from './prune-rounds.ts'
import { scopeOf } from './prune-scope.ts'
import { sensitivityTask } from './sensitivity-task.ts'
import type { StepContext, StepOutcome } from './step-outcome.ts'

const AMOUNTS = ['sparsity', 'threshold', 'max_macs', 'max_parameters'] as const

const DEFAULT_AMOUNT: Amount = { kind: 'sparsity', value: 0.5 }

/** What a round hands to the next one. */
export interface ChannelHistory {
  readonly sizes: ReadonlyMap<string, number>
  /** Shares of the original. */
  readonly macs: number
  readonly parameters: number
}

export interface ChannelRound {
  readonly outcome: StepOutcome
  readonly history: ChannelHistory
}

export async function runPruneChannel(
  model: Model,
  step: PruneChannelStep,
  { share, history }: PruneRound<ChannelHistory>,
  context: StepContext,
): Promise<ChannelRound> {
  const { calibration, runtime, spec } = context
  const sensitivity = await sensitivityTask(model, step, context)
  const { importance, reason } = await chooseImportance(model, step, context)
  const options = {
    importance,
    norm: step.norm,
    amount: amountAt(amountOf(step), share, history),
    rankedBy:
      step.ranked_by === 'latency'
        ? { threads: spec.evaluation.latency.threads, scratch: context.scratch }
        : step.ranked_by,
    limits: { minChannels: step.min_channels, channelMultiple: step.channel_multiple },
    excludedLayers: step.excluded_layers,
    normalizedAxes: step.normalized_axes,
    repair: step.repair,
    seed: spec.seed,
    ...(history !== null && { originalSizes: history.sizes, macsLeft: history.macs }),
  }
  const feeds = calibration === null ? 'none' : calibrationFeeds(model, calibration, step.samples)
  const gradients = await gradientTask(model, step, context)
  const prune: Prune = (of, scope, table = sensitivity) => {
    const whole = { ...options, scope, ...(table !== null && { sensitivity: table }) }
    return pruneChannels(of, whole, feeds, runtime, gradients)
  }
  const asked = scopeOf(step.scope, share)
  const { sizes, ...result } =
    asked.kind === 'auto' && sensitivity !== null
      ? await betterScope(model, prune, sensitivity, runtime)
      : await prune(model, asked)
  const { removed, channels } = result.details
  context.log(`${String(removed)} of ${String(channels)} channels removed`)
  const macs = (history?.macs ?? 1) * keptShare(result.details['macs_kept'])
  const parameters = (history?.parameters ?? 1) * keptShare(result.details['parameters_kept'])
  const shares = { macs_kept: macs, parameters_kept: parameters }
  const chosen = { importance, importance_reason: reason }
  const details = { ...chosen, ...result.details, ...shares }
  const outcome = { ...result, details, warnings: nothingRemoved(removed), layerNoise: new Map() }
  return { outcome, history: { sizes, macs, parameters } }
}

/** What goes in the end, in one word. */
export function amountOf(step: PruneChannelStep): Amount {
  for (const kind of AMOUNTS) {
    const value = step[kind]
    if (value !== null) return { kind, value }
  }
  return DEFAULT_AMOUNT
}

/** What a round has to leave is told of the original, what the engine is told of the model as it is. */
function amountAt({ kind, value }: Amount, share: number, history: ChannelHistory | null): Amount {
  switch (kind) {
    case 'sparsity':
      return { kind, value: value * share }
    case 'threshold':
      return { kind, value }
    case 'max_macs':
      return { kind, value: Math.min(1, (1 - (1 - value) * share) / (history?.macs ?? 1)) }
    case 'max_parameters':
      return { kind, value: Math.min(1, (1 - (1 - value) * share) / (history?.parameters ?? 1)) }
  }
}

function keptShare(value: unknown): number {
  return typeof value === 'number' ? value : 1
}

function nothingRemoved(removed: unknown): ReportWarning[] {
  if (removed !== 0) return []
  return [{ code: 'nothing_pruned', detail: 'no channel could go; the reasons are in declined' }]
}

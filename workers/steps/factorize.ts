// Step `factorize`.

import { factorize } from '#engine/factorize/factorize'
import type { RankRule } from '#engine/factorize/choose-rank'
import type { Feeds } from '#engine/prune/verify-pruned'
import type { ReportWarning } from '#src/domain/report'
import type { FactorizeStep } from '#src/recipes/factorize'
import { calibrationFeeds } from './calibration-feeds.ts'
import type { StepRunner } from './step-outcome.ts'

const DEFAULT_ENERGY = 0.99

export const runFactorize: StepRunner<FactorizeStep> = async (model, step, context) => {
  const { calibration, runtime, spec, progress } = context
  const batches: Feeds[] = []
  if (calibration !== null) {
    for await (const batch of calibrationFeeds(model, calibration, step.samples)) {
      batches.push(batch)
    }
  }
  const options = {
    rule: ruleOf(step),
    excludedLayers: step.excluded_layers,
    threads: spec.evaluation.latency.threads,
    progress,
  }
  const { details, declined } = await factorize(model, options, batches, runtime)
  context.log(`${String(details['factorized'])} of ${String(details['candidates'])} layers in two`)
  return { model, details, declined, warnings: warningsOf(details), layerNoise: new Map() }
}

function ruleOf({ energy, rank }: FactorizeStep): RankRule {
  if (rank !== null) return { kind: 'rank', value: rank }
  return { kind: 'energy', value: energy ?? DEFAULT_ENERGY }
}

function warningsOf(details: Readonly<Record<string, unknown>>): ReportWarning[] {
  if (details['factorized'] !== 0) return []
  const detail = 'no layer has a lower rank that saves enough; the reasons are in declined'
  return [{ code: 'nothing_factorized', detail }]
}

// Channel pruning: removes channels, heads and neurons of a model physically, so that the pruned model computes what the original
// computes with them masked.

import type { Model } from '#src/onnx/ir/model'
import { opsetVersion } from '#src/onnx/ir/model'
import type { Runtime } from '../runtime/runtime.ts'
import type { Limits, Scope } from './choose-removed.ts'
import { removedByBudget, removedByFraction, removedByThreshold } from './choose-removed.ts'
import type { ImportanceContext } from './importance/importance.ts'
import type { MeasureName } from './importance/measures.ts'
import { MEASURES } from './importance/measures.ts'
import { keepAxesAlive } from './keep-axes-alive.ts'
import { KeptIndices } from './kept-indices.ts'
import { keptWhole } from './kept-whole.ts'
import { prepareModel } from './prepare-model.ts'
import type { PruneResult } from './prune-result.ts'
import { RemainingCost } from './remaining-cost.ts'
import { removeIndices } from './remove-indices.ts'
import { startRepair } from './repair/repair.ts'
import { AxisTrace } from './trace-axes.ts'
import type { Unit } from './units.ts'
import { unitsOf } from './units.ts'
import { lookBefore, verifyPruned } from './verify-pruned.ts'

/** How much goes: a fraction of the atoms, what is below an importance, or down to a share of what the model costs. */
export interface Amount {
  readonly kind: 'sparsity' | 'threshold' | 'max_macs' | 'max_parameters'
  readonly value: number
}

export interface ChannelOptions {
  readonly importance: MeasureName
  readonly norm: 'l1' | 'l2'
  readonly amount: Amount
  readonly scope: Scope
  readonly limits: Limits
  readonly excludedLayers: readonly string[]
  /** Fit weights and statistics to the data that are given, if any. */
  readonly repair: boolean
  readonly seed: number
}

/** Lists of constants as inputs of Slice, Split, Pad, Squeeze: what the rewrite writes. */
const LEAST_OPSET = 13

/** More than one, or an axis of one sample would hide what is wrong. */
const VERIFIED_BATCH = 2

/**
 * Rewrites `model` in place.
 * @throws PruneFailure
 */
export async function pruneChannels(
  model: Model,
  options: ChannelOptions,
  feeds: ImportanceContext['feeds'],
  runtime: Runtime,
): Promise<PruneResult> {
  const prepared = await prepareModel(model, runtime)
  const opset = opsetVersion(model)
  if (opset < LEAST_OPSET) {
    const reason = `the model cannot be raised above opset ${opset}`
    const refused = { rule: 'prune-channels', node: null, reason }
    return { model, details: {}, declined: [...prepared, refused] }
  }
  const trace = new AxisTrace(model, new Set(options.excludedLayers))
  const units = unitsOf(trace)
  const context = { trace, units, seed: options.seed, norm: options.norm, runtime, feeds, model }
  const scores = await MEASURES[options.importance](context)
  const cost = new RemainingCost(trace)
  const removed = chooseRemoved({ units, scores, limits: options.limits }, options, cost)
  keepAxesAlive(trace, removed)
  const declined = [...prepared, ...keptWhole(trace)]
  const details = describe(units, removed, cost)
  if (removed.size === 0) return { model, details, declined }
  const before = await lookBefore(model, trace.shapes.inputsAt(VERIFIED_BATCH), runtime)
  const kept = new KeptIndices(trace.algebra, removed)
  const repair = options.repair ? await startRepair(trace, kept, feeds, runtime) : 'not asked for'
  removeIndices(trace, kept)
  await verifyPruned(model, before, runtime)
  if (typeof repair === 'string') return { model, details: { ...details, repair }, declined }
  const repaired = await repair.finish()
  return {
    model,
    details: { ...details, repair: repaired.details },
    declined: [...declined, ...repaired.declined],
  }
}

function chooseRemoved(
  candidates: Parameters<typeof removedByFraction>[0],
  { amount, scope }: ChannelOptions,
  cost: RemainingCost,
): Set<number> {
  switch (amount.kind) {
    case 'sparsity':
      return removedByFraction(candidates, scope, amount.value)
    case 'threshold':
      return removedByThreshold(candidates, amount.value)
    case 'max_macs': {
      const whole = cost.macs(new Set())
      return removedByBudget(candidates, scope, amount.value, (removed) => {
        return cost.macs(removed) / whole
      })
    }
    case 'max_parameters': {
      const whole = cost.parameters(new Set())
      return removedByBudget(candidates, scope, amount.value, (removed) => {
        return cost.parameters(removed) / whole
      })
    }
  }
}

/** Layers named for one group; the rest is counted. */
const NAMED = 8

function describe(
  units: readonly Unit[],
  removed: ReadonlySet<number>,
  cost: RemainingCost,
): Record<string, unknown> {
  const groups = units.map(({ atoms, layers }) => ({
    layers: layers.slice(0, NAMED),
    more_layers: Math.max(0, layers.length - NAMED),
    size: atoms.length,
    removed: atoms.filter((atom) => removed.has(atom)).length,
  }))
  const none = new Set<number>()
  return {
    units: units.length,
    channels: groups.reduce((sum, { size }) => sum + size, 0),
    removed: removed.size,
    macs_kept: share(cost.macs(removed), cost.macs(none)),
    parameters_kept: share(cost.parameters(removed), cost.parameters(none)),
    groups,
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole
}

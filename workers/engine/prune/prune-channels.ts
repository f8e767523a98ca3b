// Channel pruning: removes channels, heads and neurons of a model physically, so that the pruned model computes what the original
// computes with them masked.

import type { Model } from '#src/onnx/ir/model'
import { opsetVersion } from '#src/onnx/ir/model'
import type { Runtime } from '../runtime/runtime.ts'
import { balanceRows } from './balance/balance-rows.ts'
import type { Scope, WantedLimits } from './choose-removed.ts'
import type { ImportanceContext } from './importance/importance.ts'
import type { MeasureName } from './importance/measures.ts'
import { KeptIndices } from './kept-indices.ts'
import { keptWhole } from './kept-whole.ts'
import { prepareModel } from './prepare-model.ts'
import type { PruneResult } from './prune-result.ts'
import type { RemovalPlan } from './plan-removal.ts'
import { planRemoval } from './plan-removal.ts'
import { removeIndices } from './remove-indices.ts'
import { fitNorms } from './repair/refit-norms.ts'
import { startRepair } from './repair/repair.ts'
import type { SensitivityTask } from './sensitivity/measure-sensitivity.ts'
import { describeSensitivity } from './sensitivity/describe-sensitivity.ts'
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
  /**
   * What channels of the whole model are ranked by (scope `global`): their importance, or their importance for what removing them
   * saves. Of time: with so many threads; `scratch` is an existing folder.
   */
  readonly rankedBy?:
    | 'importance'
    | 'macs'
    | 'parameters'
    | { readonly threads: number; readonly scratch: string }
  readonly limits: WantedLimits
  readonly excludedLayers: readonly string[]
  /**
   * Axes that a normalisation takes its statistics over: `whole` keeps them, so that what is left computes what it did;
   * `refit` removes from them as well; `auto` does where too little goes without.
   */
  readonly normalizedAxes: 'auto' | 'whole' | 'refit'
  /** Fit weights and statistics to the data that are given, if any. */
  readonly repair: boolean
  readonly seed: number
  /** Measured first, and what the scope `auto` goes by. */
  readonly sensitivity?: SensitivityTask
  /** Of earlier rounds on the same model: fractions are of what there was before them. */
  readonly originalSizes?: ReadonlyMap<string, number>
  /** The share of the multiply-accumulates that earlier rounds left; 1 where left out. */
  readonly macsLeft?: number
}

/** `sizes`: how many atoms each unit had to begin with. */
export interface ChannelResult extends PruneResult {
  readonly sizes: ReadonlyMap<string, number>
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
  gradients: ImportanceContext['gradients'] = 'none',
): Promise<ChannelResult> {
  const prepared = await prepareModel(model, runtime)
  const opset = opsetVersion(model)
  if (opset < LEAST_OPSET) {
    const reason = `the model cannot be raised above opset ${opset}`
    const refused = { rule: 'prune-channels', node: null, reason }
    return { model, details: {}, declined: [...prepared, refused], sizes: new Map() }
  }
  const balance = await balanceRows(model, options, { feeds, gradients }, runtime)
  const plan = await planRemoval(model, options, { feeds, gradients }, runtime)
  const { trace, removed, sizes } = plan
  const declined = [...prepared, ...balance.declined, ...keptWhole(trace)]
  const described = { ...describe(plan), ...describeSensitivity(plan) }
  if (removed.size === 0) {
    balance.undo()
    return { model, details: described, declined, sizes }
  }
  const { balanced } = balance
  const details = balanced.length === 0 ? described : { ...described, balanced }
  const before = await lookBefore(model, trace.shapes.inputsAt(VERIFIED_BATCH), runtime)
  const kept = new KeptIndices(trace.algebra, removed)
  const norms = await fitNorms(trace, kept, feeds, runtime)
  const repair = options.repair ? await startRepair(trace, kept, feeds, runtime) : 'not asked for'
  norms.apply()
  removeIndices(trace, kept)
  await verifyPruned(model, before, runtime)
  const stated = norms.errors.length === 0 ? details : { ...details, normalized: norms.errors }
  if (typeof repair === 'string') return { model, details: { ...stated, repair }, declined, sizes }
  const repaired = await repair.finish()
  return {
    model,
    details: { ...stated, repair: repaired.details },
    declined: [...declined, ...repaired.declined],
    sizes,
  }
}

/** Layers named for one group; the rest is counted. */
const NAMED = 8

function describe({
  units,
  originally,
  removed,
  cost,
  channelMultiple,
  rankedBy,
}: RemovalPlan): Record<string, unknown> {
  const groups = units.map(({ atoms, layers }, index) => {
    const size = originally[index] ?? atoms.length
    const left = atoms.filter((atom) => !removed.has(atom)).length
    return {
      layers: layers.slice(0, NAMED),
      more_layers: Math.max(0, layers.length - NAMED),
      size,
      removed: size - left,
    }
  })
  const none = new Set<number>()
  return {
    units: units.length,
    channels: groups.reduce((sum, { size }) => sum + size, 0),
    removed: groups.reduce((sum, group) => sum + group.removed, 0),
    macs_kept: share(cost.macs(removed), cost.macs(none)),
    channel_multiple: channelMultiple,
    ranked_by: rankedBy,
    parameters_kept: share(cost.parameters(removed), cost.parameters(none)),
    groups,
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole
}

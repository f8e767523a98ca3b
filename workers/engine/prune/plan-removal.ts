// What is to be removed of a model: axes followed, units ranked, atoms chosen. Axes that a normalisation takes its statistics over are
// used where asked for, or where too little goes without them.

import type { Model } from '#src/onnx/ir/model'
import { nodeTimes } from '../evaluate/node-times.ts'
import { copyModel } from '../rewrite/copy-model.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Candidates, Limits } from './choose-removed.ts'
import { removedByBudget, removedByFraction, removedByThreshold } from './choose-removed.ts'
import type { ImportanceContext } from './importance/importance.ts'
import { MEASURES } from './importance/measures.ts'
import { coarsest, limitsToTry } from './kernel-multiples.ts'
import { keepAxesAlive } from './keep-axes-alive.ts'
import type { ChannelOptions } from './prune-channels.ts'
import { RemainingCost } from './remaining-cost.ts'
import type { SavedCost } from './saved-per-atom.ts'
import { savedPerAtom } from './saved-per-atom.ts'
import type { NormalizedAxes } from './trace-axes.ts'
import { AxisTrace } from './trace-axes.ts'
import type { Unit } from './units.ts'
import { ratiosAt } from './sensitivity/allocate-ratios.ts'
import type { Sensitivity } from './sensitivity/measure-sensitivity.ts'
import { measureSensitivity } from './sensitivity/measure-sensitivity.ts'
import type { Curvature } from './sensitivity/top-eigenvalues.ts'
import { topEigenvalues } from './sensitivity/top-eigenvalues.ts'
import { sizesOf, unitSizes } from './unit-sizes.ts'
import { unitsOf } from './units.ts'
import { runnableFeeds } from './verify-pruned.ts'

/** What channels of the whole model were ranked by. */
type RankedBy = 'importance' | 'macs' | 'parameters' | 'latency'

export interface RemovalPlan {
  readonly trace: AxisTrace
  readonly units: readonly Unit[]
  readonly removed: Set<number>
  readonly rankedBy: RankedBy
  /** What axes keep a multiple of. */
  readonly channelMultiple: number
  readonly cost: RemainingCost
  /** Atoms that each unit had before earlier rounds took some, in the order of the units and by their names. */
  readonly originally: readonly number[]
  readonly sizes: ReadonlyMap<string, number>
  /** `null` where it was not asked for. */
  readonly sensitivity: Sensitivity | null
  /** `null` where it was not asked for. */
  readonly curvature: Curvature | null
}

/** Changes nothing. */
export async function planRemoval(
  model: Model,
  options: ChannelOptions,
  data: Pick<ImportanceContext, 'feeds' | 'gradients'>,
  runtime: Runtime,
): Promise<RemovalPlan> {
  const plan = async (normalized: NormalizedAxes): Promise<RemovalPlan> => {
    const trace = new AxisTrace(model, new Set(options.excludedLayers), normalized)
    const units = unitsOf(trace)
    const { seed, norm } = options
    const context = { trace, units, seed, norm, runtime, model, ...data }
    const scores = await MEASURES[options.importance](context)
    const cost = new RemainingCost(trace)
    const sizes = options.originalSizes ?? unitSizes(units)
    const originally = sizesOf(units, sizes)
    const { sensitivity: task } = options
    const sensitivity =
      task === undefined ? null : await measureSensitivity(trace, units, scores, task, runtime)
    const curvature =
      task === undefined || task.curvature === 'none'
        ? null
        : await topEigenvalues(model, task.curvature, seed, runtime)
    const ranking = await rankingOf({ trace, units, cost }, options, runtime)
    const { rankedBy } = ranking
    const known = { trace, units, cost, originally, sizes, sensitivity, curvature, rankedBy }
    const allocate =
      sensitivity === null ? {} : { allocate: allocation(sensitivity, units, options, cost) }
    const at = (limits: Limits): RemovalPlan => {
      const candidates = { units, scores, limits, originally, ...ranking, ...allocate }
      const removed = chooseRemoved(candidates, options, cost)
      keepAxesAlive(trace, removed)
      return { ...known, removed, channelMultiple: limits.channelMultiple }
    }
    const plans = limitsToTry(options.limits).map(at)
    return coarsest(plans, options.macsLeft ?? 1, (made) => fulfils(made, options))
  }
  if (options.normalizedAxes === 'refit') return plan('taken')
  const exact = await plan('whole')
  const hasNorms = exact.trace.normalizedAxes.length > 0
  const isEnough = options.normalizedAxes === 'whole' || !hasNorms || fulfils(exact, options)
  if (isEnough) return exact
  const all = await plan('taken')
  return all.cost.macs(all.removed) < exact.cost.macs(exact.removed) ? all : exact
}

/** Channels in pairs take the square of what they are off the multiply-accumulates, single ones as much: this share of it is enough. */
const ENOUGH = 0.8

function fulfils(
  { cost, removed }: RemovalPlan,
  { amount, scope, macsLeft = 1 }: ChannelOptions,
): boolean {
  const none = new Set<number>()
  switch (amount.kind) {
    case 'threshold':
      return true
    case 'sparsity':
      return (
        scope.kind === 'per_layer' ||
        cost.macs(removed) <= (cost.macs(none) / macsLeft) * (1 - ENOUGH * amount.value)
      )
    case 'max_macs':
      return cost.macs(removed) <= cost.macs(none) * amount.value
    case 'max_parameters':
      return cost.parameters(removed) <= cost.parameters(none) * amount.value
  }
}

function chooseRemoved(
  candidates: Candidates,
  { amount, scope }: ChannelOptions,
  cost: RemainingCost,
): Set<number> {
  switch (amount.kind) {
    case 'sparsity': {
      if (scope.kind !== 'auto') return removedByFraction(candidates, scope, amount.value)
      const before = candidates.originally.reduce((sum, size) => sum + size, 0)
      const now = candidates.units.reduce((sum, { atoms }) => sum + atoms.length, 0)
      return removedByBudget(candidates, scope, 1 - amount.value, (removed) => {
        return (now - removed.size) / Math.max(1, before)
      })
    }
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

function allocation(
  sensitivity: Sensitivity,
  units: readonly Unit[],
  { amount }: ChannelOptions,
  cost: RemainingCost,
): (level: number) => readonly number[] {
  const kind = amount.kind === 'max_macs' ? 'macs' : 'parameters'
  const each =
    amount.kind === 'sparsity' || amount.kind === 'threshold'
      ? units.map(() => 1)
      : savedPerAtom(units, cost, kind)
  const savings = units.map(({ atoms }, index) => atoms.length * (each[index] ?? 0))
  return (level) => ratiosAt(sensitivity, savings, level)
}

interface Ranking {
  readonly rankedBy: RankedBy
  readonly savings?: readonly number[]
}

const TIMED_RUNS = 12

/** By multiply-accumulates where the model runs on nothing that chance finds. */
async function rankingOf(
  { trace, units, cost }: Pick<RemovalPlan, 'trace' | 'units' | 'cost'>,
  { rankedBy = 'importance' }: ChannelOptions,
  runtime: Runtime,
): Promise<Ranking> {
  if (rankedBy === 'importance') return { rankedBy }
  const rankedAs = (name: RankedBy, kind: SavedCost): Ranking => {
    return { rankedBy: name, savings: savedPerAtom(units, cost, kind) }
  }
  if (typeof rankedBy === 'string') return rankedAs(rankedBy, rankedBy)
  const feeds = await runnableFeeds(trace.model, trace.shapes.inputsAt(1), runtime)
  if (feeds === 'none') return rankedAs('macs', 'macs')
  const options = { ...rankedBy, runs: TIMED_RUNS }
  const { layers } = await nodeTimes(copyModel(trace.model), feeds, runtime, options)
  return rankedAs('latency', layers)
}

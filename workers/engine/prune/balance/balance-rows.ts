// Before channels are removed, the positions of every head and the channels of every group are put in order of their importance, each
// row on its own: what goes at one position is then what matters least in each row. The model computes the same.

import type { Model } from '#src/onnx/ir/model'
import type { Tensor } from '#src/onnx/ir/tensor'
import { tensorSize } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { Declined } from '../../rewrite/pass.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { ImportanceContext } from '../importance/importance.ts'
import type { ChannelOptions } from '../prune-channels.ts'
import { AxisTrace } from '../trace-axes.ts'
import { unitsOf } from '../units.ts'
import type { BalancedUnit } from './balanced-units.ts'
import { balancedUnits } from './balanced-units.ts'
import { reorderRows } from './reorder-rows.ts'
import { rowPlaces } from './row-places.ts'
import type { RowScores } from './row-scores.ts'
import { rowScores } from './row-scores.ts'
import { sameAnswers } from './same-answers.ts'

/** Told by the report. */
interface BalancedRows {
  readonly layers: readonly string[]
  /** Heads or groups. */
  readonly rows: number
  /** Positions of each. */
  readonly size: number
}

export interface Balance {
  readonly balanced: readonly BalancedRows[]
  readonly declined: readonly Declined[]
  /** As it was. */
  undo(): void
}

const NOTHING: Balance = { balanced: [], declined: [], undo: () => undefined }

type BalanceOptions = Pick<ChannelOptions, 'importance' | 'norm' | 'seed' | 'excludedLayers'>

/** Changes constants of the model in place; chance has no order. */
export async function balanceRows(
  model: Model,
  { importance, norm, seed, excludedLayers }: BalanceOptions,
  data: Pick<ImportanceContext, 'feeds' | 'gradients'>,
  runtime: Runtime,
): Promise<Balance> {
  if (importance === 'random') return NOTHING
  const trace = new AxisTrace(model, new Set(excludedLayers), 'whole')
  const found = balancedUnits(trace, unitsOf(trace))
  if (found.length === 0) return NOTHING
  const context = { trace, units: [], seed, norm, runtime, model, ...data }
  const scores = await rowScores(context, found, importance)
  const before = new Map<Value, Tensor>()
  const undo = (): void => {
    for (const [value, tensor] of before) model.graph.setInitializer(value, tensor)
  }
  const answers = await sameAnswers(trace, runtime)
  const balanced = found.flatMap((unit, index) => {
    const own = scores[index] ?? 'none'
    const changed = own === 'none' ? null : reordered(trace, unit, own)
    if (own === 'none' || changed === null) return []
    for (const [value, tensor] of changed) {
      if (value.constant !== null && !before.has(value)) before.set(value, value.constant)
      model.graph.setInitializer(value, tensor)
    }
    const { layers, atoms } = unit.unit
    return [{ layers, rows: own.size, size: atoms.length }]
  })
  if (balanced.length === 0) return NOTHING
  if (await answers.hold()) return { balanced, declined: [], undo }
  undo()
  const reason = 'positions in an order of their own in each row gave other answers'
  return { ...NOTHING, declined: [{ rule: 'balance-rows', node: null, reason }] }
}

/** Constants anew; `null` where one of them cannot be put in order. */
function reordered(
  trace: AxisTrace,
  unit: BalancedUnit,
  scores: RowScores,
): Map<Value, Tensor> | null {
  const orders = new Map(
    [...scores].map(([row, own]) => {
      const atoms = Array.from(own, (_, atom) => atom)
      return [row, atoms.sort((one, other) => (own[other] ?? 0) - (own[one] ?? 0) || one - other)]
    }),
  )
  const changed = new Map<Value, Tensor>()
  for (const incidence of unit.unit.incidences) {
    const { value, axis } = incidence
    const places = rowPlaces(trace, unit, incidence)
    const tensor = changed.get(value) ?? value.constant
    if (places === null || tensor === null || tensorSize(tensor) === 0) return null
    const made = reorderRows(tensor, axis, places, orders)
    if (made === null) return null
    changed.set(value, made)
  }
  return changed
}

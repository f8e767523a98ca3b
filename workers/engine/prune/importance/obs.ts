// Importance by what the layers that read a channel lose when their other weights make up for it: tr(W_Sᵀ·([H⁻¹]_SS)⁻¹·W_S) for its
// columns S, the structured form of SparseGPT's cost (Kurtic et al., ZipLM, 2023). Channels go one by one, and each is judged by what
// those before it have left; the repair behind the removal then fits the weights in the same way.

import { obsMatrices } from '../obs/obs-layout.ts'
import { stageGrams, stagesOf } from '../obs/obs-layers.ts'
import { outputEnergy } from '../obs/output-energy.ts'
import type { WeightReading } from '../reading-layers.ts'
import { weightReadings } from '../reading-layers.ts'
import type { Unit } from '../units.ts'
import type { Feeds } from '../verify-pruned.ts'
import { activation } from './activation.ts'
import { openRemoval } from './channel-removal.ts'
import type { Removal } from './channel-removal.ts'
import type { ImportanceContext, ImportanceMeasure, UnitScores } from './importance.ts'
import { relativeTo } from './importance.ts'

/** Removing all channels one by one grows with the third power of the inputs: a layer of so many takes seconds. */
const MOST_INPUTS = 1152

const STAGES = 1

export const obs: ImportanceMeasure = async (context) => {
  const { model, units, feeds, runtime } = context
  if (feeds === 'none') throw new Error('importance by second moments needs data')
  const batches: Feeds[] = []
  for await (const batch of feeds) batches.push(batch)
  const readings = weightReadings(model).filter(({ axis, tensor }) => {
    return axis !== 'none' && tensor.dtype === 'float32'
  })
  const removals = units.map((): Removal[] => [])
  for (const stage of stagesOf(readings, STAGES)) {
    const { grams } = await stageGrams(model, stage, weightReadings(model), batches, runtime)
    for (const [reading, { values, groups, inputs }] of grams) {
      if (groups !== 1 || inputs > MOST_INPUTS) continue
      const [matrix] = obsMatrices(reading.tensor, reading.axis, 1, inputs)
      if (matrix === undefined) continue
      const energy = outputEnergy(matrix, values)
      for (const [index, unit] of units.entries()) {
        const columns = columnsOf(context, unit, reading, inputs)
        if (columns === null || !(energy > 0)) continue
        const removal = openRemoval(matrix, values, columns, energy)
        if (removal !== null) removals[index]?.push(removal)
      }
    }
  }
  const fallback = await activation(context)
  return units.map((unit, index): UnitScores => {
    const own = removals[index] ?? []
    if (own.length === 0) {
      const relative = fallback[index]?.relative ?? new Float64Array(unit.atoms.length).fill(1)
      return { absolute: 'none', relative }
    }
    const absolute = costsInTurn(own, unit.atoms.length)
    return { absolute, relative: relativeTo(absolute) }
  })
}

/** The columns that go with each atom of the unit; `null` where the layer reads none of them. */
function columnsOf(
  { trace }: ImportanceContext,
  { atoms, incidences }: Unit,
  { weight, axis }: WeightReading,
  inputs: number,
): number[][] | null {
  const incidence = incidences.find((one) => one.value === weight && one.axis === axis)
  if (incidence === undefined) return null
  const window = inputs / incidence.labels.size
  const place = new Map(atoms.map((atom, index) => [atom, index]))
  const columns = atoms.map((): number[] => [])
  for (const [channel, set] of incidence.labels.sets.entries()) {
    for (const atom of trace.algebra.labels.resolve(set)) {
      const own = columns[place.get(atom) ?? -1]
      for (let at = 0; at < window; at += 1) own?.push(channel * window + at)
    }
  }
  return columns
}

/** What each atom costs when its turn comes, the cheapest first; never less than the one before. */
function costsInTurn(removals: readonly Removal[], count: number): Float64Array {
  const costs = new Float64Array(count)
  const left = new Set(costs.keys())
  let most = 0
  while (left.size > 0) {
    let [best, least] = [-1, Infinity]
    for (const atom of left) {
      const cost = removals.reduce((sum, removal) => sum + removal.cost(atom), 0)
      if (cost < least || best < 0) [best, least] = [atom, cost]
    }
    most = Math.max(most, least)
    costs[best] = most
    left.delete(best)
    for (const removal of removals) removal.remove(best)
  }
  return costs
}

// Importance by what flows through a channel: the root mean square of its values times the norm of the weights that read it (Wanda,
// Sun et al. 2023, summed over a channel).

import type { ImportanceMeasure, UnitScores } from './importance.ts'
import { meanOf, relativeTo } from './importance.ts'
import { magnitude } from './magnitude.ts'
import { measureReads } from '../reading-layers.ts'
import { atomNorms } from './slice-norms.ts'

export const activation: ImportanceMeasure = async (context) => {
  const { trace, units, feeds, runtime, model } = context
  if (feeds === 'none') throw new Error('importance by activations needs data')
  const reads = await measureReads(model, feeds, runtime)
  const fallback = await magnitude(context)
  return units.map((unit, index): UnitScores => {
    const scores = unit.incidences.flatMap((incidence) => {
      const read = reads.find(({ weight, axis }) => {
        return weight === incidence.value && axis === incidence.axis
      })
      if (read === undefined) return []
      const weights = atomNorms(trace, unit, incidence, 'l2')
      const flows = flowOf(unit.atoms, incidence.labels.sets, read.squares)
      return [weights.map((norm, at) => norm * (flows[at] ?? 0))]
    })
    if (scores.length === 0) {
      const relative = fallback[index]?.relative ?? new Float64Array(unit.atoms.length).fill(1)
      return { absolute: 'none', relative }
    }
    const size = unit.atoms.length
    return {
      absolute: meanOf(scores, size),
      relative: relativeTo(meanOf(scores.map(relativeTo), size)),
    }
  })

  function flowOf(
    atoms: readonly number[],
    sets: readonly number[],
    squares: Float64Array,
  ): Float64Array {
    const place = new Map(atoms.map((atom, index) => [atom, index]))
    const [sums, counts] = [new Float64Array(atoms.length), new Float64Array(atoms.length)]
    for (const [index, set] of sets.entries()) {
      for (const atom of trace.algebra.labels.resolve(set)) {
        const own = place.get(atom)
        if (own === undefined) continue
        sums[own] = (sums[own] ?? 0) + (squares[index] ?? 0)
        counts[own] = (counts[own] ?? 0) + 1
      }
    }
    return sums.map((sum, index) => Math.sqrt(sum / Math.max(1, counts[index] ?? 0)))
  }
}

// Importance by curvature: sᵀ·H·s ÷ 2 is what the loss gains, to second order, when the weights s that read a channel go (LeCun et al.,
// Optimal Brain Damage, 1989). The diagonal in the gates is drawn out of products H·v with v = Σ ±s (Hutchinson 1990); a product is the
// difference of gradients a little along v. Without labels the loss is the divergence from the model itself, whose gradient is 0.

import type { Unit } from '../units.ts'
import { curvatureAlong } from './curvature-along.ts'
import { gateSums } from './gates.ts'
import type { UnitGates } from './gates.ts'
import { gateScores, products } from './gate-scores.ts'
import type { ImportanceContext, ImportanceMeasure } from './importance.ts'
import { uniformNumbers } from './random.ts'

const BATCH = 8
/** Directions for each batch: what other channels add to a product is noise that falls with their number. */
const PROBES = 4

export const hessian: ImportanceMeasure = (context) => {
  const next = uniformNumbers(context.seed)
  return gateScores(context, { size: BATCH, targets: 'own' }, async (session, fields, gates) => {
    const totals = gates.map(({ unit, sides }) => {
      return sides.map(() => new Float64Array(unit.atoms.length))
    })
    for (let probe = 0; probe < PROBES; probe += 1) {
      const signs = gates.map(({ unit }) => drawnSigns(unit, next))
      const direction = directionOf(context, session.weights, gates, signs)
      const curved = await curvatureAlong(session, fields, direction)
      const moved = products(curved, session.weights)
      for (const [index, gate] of gates.entries()) {
        for (const [side, sums] of gateSums(context, gate, moved).entries()) {
          const total = totals[index]?.[side]
          for (const [atom, sum] of sums.entries()) {
            const curvature = (signs[index]?.[atom] ?? 0) * sum
            if (total !== undefined) total[atom] = (total[atom] ?? 0) + curvature / (2 * PROBES)
          }
        }
      }
    }
    return totals
  })
}

function drawnSigns({ atoms }: Unit, next: () => number): Float64Array {
  return Float64Array.from(atoms, () => (next() < 0.5 ? -1 : 1))
}

/** Each weight of a gate times the gate's sign; weights that read several gates times the sum of theirs. */
function directionOf(
  { trace }: ImportanceContext,
  weights: ReadonlyMap<string, Float32Array>,
  gates: readonly UnitGates[],
  signs: readonly Float64Array[],
): Map<string, Float32Array> {
  const direction = new Map<string, Float32Array>()
  for (const [index, { unit, sides }] of gates.entries()) {
    const place = new Map(unit.atoms.map((atom, at) => [atom, signs[index]?.[at] ?? 0]))
    for (const { value, axis, labels } of sides.flat()) {
      const weight = weights.get(value.name)
      const dims = value.constant?.dims ?? []
      if (weight === undefined) continue
      const along = direction.get(value.name) ?? new Float32Array(weight.length)
      direction.set(value.name, along)
      const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
      const factors = Float64Array.from(labels.sets, (set) => {
        return trace.algebra.labels
          .resolve(set)
          .reduce((sum, atom) => sum + (place.get(atom) ?? 0), 0)
      })
      for (const [at, own] of weight.entries()) {
        const factor = factors[Math.floor(at / inner) % labels.size] ?? 0
        along[at] = (along[at] ?? 0) + factor * own
      }
    }
  }
  return direction
}

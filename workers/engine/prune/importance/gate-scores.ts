// Scores of a measure that follows gradients: its mean over batches, at each gate.

import type { Fields, GradientBatches, GradientBatching } from '../../train/gradient-batches.ts'
import { openGradientBatches } from '../../train/gradient-batches.ts'
import type { UnitGates } from './gates.ts'
import { gatesOf } from './gates.ts'
import type { ImportanceContext, UnitScores } from './importance.ts'
import { meanOf, relativeTo } from './importance.ts'
import { magnitude } from './magnitude.ts'

/** What one batch says: for each unit and each of its sides, a number for each atom. */
type GateMeasure = (
  session: GradientBatches,
  fields: Fields,
  gates: readonly UnitGates[],
) => Promise<Float64Array[][]>

/** Units that no gradient reaches are ranked by magnitude. @throws GradientRefusal; RuntimeRejection */
export async function gateScores(
  context: ImportanceContext,
  batching: Pick<GradientBatching, 'size' | 'targets'>,
  measure: GateMeasure,
): Promise<UnitScores[]> {
  const { model, gradients: task, seed, runtime } = context
  if (task === 'none') throw new Error('importance by gradients needs data')
  const session = await openGradientBatches(model, task, { ...batching, seed }, runtime)
  const gates = gatesOf(context, session.weights)
  const totals = gates.map(({ sides, unit }) => {
    return sides.map(() => new Float64Array(unit.atoms.length))
  })
  let batches = 0
  try {
    for await (const fields of session.batches()) {
      const found = await measure(session, fields, gates)
      batches += 1
      for (const [unit, sides] of totals.entries()) {
        for (const [side, total] of sides.entries()) add(total, found[unit]?.[side])
      }
    }
  } finally {
    await session.release()
  }
  const fallback = await magnitude(context)
  return totals.map((sides, index): UnitScores => {
    const size = sides[0]?.length
    if (size === undefined) {
      const length = gates[index]?.unit.atoms.length ?? 0
      return {
        absolute: 'none',
        relative: fallback[index]?.relative ?? new Float64Array(length).fill(1),
      }
    }
    const means = sides.map((side) => side.map((sum) => sum / Math.max(1, batches)))
    return {
      absolute: meanOf(means, size),
      relative: relativeTo(meanOf(means.map(relativeTo), size)),
    }
  })
}

function add(total: Float64Array, part: Float64Array | undefined): void {
  for (const at of total.keys()) total[at] = (total[at] ?? 0) + (part?.[at] ?? 0)
}

/** Element by element, by constant; weights without a gradient are left out. */
export function products(
  gradients: ReadonlyMap<string, Float32Array>,
  weights: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  return new Map(
    [...gradients].map(([name, gradient]) => {
      const weight = weights.get(name)
      return [name, gradient.map((slope, index) => slope * (weight?.[index] ?? 0))]
    }),
  )
}

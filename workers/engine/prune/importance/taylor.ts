// Importance by what the loss loses with a channel, to first order: the square of Σ g·w over the weights that read it, mean over
// batches (Molchanov et al., Importance Estimation for Neural Network Pruning, 2019).

import { gateSums } from './gates.ts'
import { gateScores, products } from './gate-scores.ts'
import type { ImportanceContext, ImportanceMeasure, UnitScores } from './importance.ts'

/** Gradients of a batch are averaged before they are squared: many small batches tell more than few large ones. */
const BATCH = 8

export const taylor: ImportanceMeasure = (context) => squaredGates(context, BATCH)

/** @param size samples of a batch */
export function squaredGates(context: ImportanceContext, size: number): Promise<UnitScores[]> {
  return gateScores(context, { size, targets: 'drawn' }, async (session, fields, gates) => {
    const { gradients } = await session.run(fields)
    const moved = products(gradients, session.weights)
    return gates.map((gate) => {
      return gateSums(context, gate, moved).map((sums) => sums.map((sum) => sum ** 2))
    })
  })
}

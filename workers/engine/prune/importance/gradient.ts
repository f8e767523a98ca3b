// Importance by how steep the loss is: the mean size of the gradients of the weights that go with a channel.

import { gateScores } from './gate-scores.ts'
import type { ImportanceMeasure } from './importance.ts'
import { atomNorms } from './slice-norms.ts'

const BATCH = 8

export const gradient: ImportanceMeasure = (context) =>
  gateScores(context, { size: BATCH, targets: 'drawn' }, async (session, fields, gates) => {
    const { gradients } = await session.run(fields)
    return gates.map(({ unit, sides }) =>
      sides.map((side) => {
        const mean = new Float64Array(unit.atoms.length)
        for (const incidence of side) {
          const own = gradients.get(incidence.value.name)
          if (own === undefined) continue
          const norms = atomNorms(context.trace, unit, incidence, context.norm, own)
          for (const [atom, norm] of norms.entries()) {
            mean[atom] = (mean[atom] ?? 0) + norm / side.length
          }
        }
        return mean
      }),
    )
  })

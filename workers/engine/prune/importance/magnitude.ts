// Importance by the size of the weights that go with an atom, in all layers that lose something.

import type { ImportanceMeasure, UnitScores } from './importance.ts'
import { meanOf, relativeTo } from './importance.ts'
import { atomNorms, weightIncidences } from './slice-norms.ts'

/** Absolute: the mean over the layers. Relative: each layer is divided by its own mean before. */
export const magnitude: ImportanceMeasure = ({ trace, units, norm }) =>
  units.map((unit): UnitScores => {
    const norms = weightIncidences(unit).map((incidence) => atomNorms(trace, unit, incidence, norm))
    const size = unit.atoms.length
    return {
      absolute: norms.length === 0 ? 'none' : meanOf(norms, size),
      relative: relativeTo(meanOf(norms.map(relativeTo), size)),
    }
  })

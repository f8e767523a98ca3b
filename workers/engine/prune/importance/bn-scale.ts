// Importance by |γ| of the BatchNormalization behind a channel; units without one are ranked by magnitude.

import { magnitude } from './magnitude.ts'
import type { ImportanceMeasure, UnitScores } from './importance.ts'
import { meanOf, relativeTo } from './importance.ts'
import { atomNorms } from './slice-norms.ts'
import type { Incidence } from '../units.ts'

function isScale({ value }: Incidence): boolean {
  return [...value.uses].some(({ node, index }) => index === 1 && node.is('BatchNormalization'))
}

export const bnScale: ImportanceMeasure = async (context) => {
  const fallback = await magnitude(context)
  return context.units.map((unit, index): UnitScores => {
    const scales = unit.incidences.filter(isScale)
    if (scales.length === 0) {
      const relative = fallback[index]?.relative ?? new Float64Array(unit.atoms.length).fill(1)
      return { absolute: 'none', relative }
    }
    const norms = scales.map((scale) => atomNorms(context.trace, unit, scale, 'l1'))
    const absolute = meanOf(norms, unit.atoms.length)
    return { absolute, relative: relativeTo(absolute) }
  })
}

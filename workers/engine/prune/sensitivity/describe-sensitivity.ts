// Sensitivity as the report has it: a row for each group of channels, with what is lost at each ratio.

import type { RemovalPlan } from '../plan-removal.ts'
import type { Curvature } from './top-eigenvalues.ts'

/** Layers named for one group; the rest is counted. */
const NAMED = 8

/** `lost`: of the metric where there are labels, else the share of the outputs that is error. Empty where nothing was measured. */
export function describeSensitivity({
  units,
  removed,
  sensitivity,
  curvature,
}: Pick<RemovalPlan, 'units' | 'removed' | 'sensitivity' | 'curvature'>): Record<string, unknown> {
  if (sensitivity === null) return {}
  const groups = units.map(({ layers, atoms }, index) => ({
    layers: layers.slice(0, NAMED),
    more_layers: Math.max(0, layers.length - NAMED),
    size: atoms.length,
    chosen: atoms.filter((atom) => removed.has(atom)).length / atoms.length,
    points: (sensitivity.units[index] ?? []).map((point) => ({
      ratio: point.ratio,
      removed: point.removed,
      quality: point.quality,
      lost: point.drop ?? point.outputError,
      output_error: point.outputError,
    })),
  }))
  return {
    sensitivity: {
      quality: sensitivity.quality,
      groups,
      curvature: curvature === null ? null : describeCurvature(curvature),
    },
  }
}

function describeCurvature({ samples, layers }: Curvature): Record<string, unknown> {
  return {
    samples,
    layers: layers.map(({ layers: names, topEigenvalue, ...rest }) => ({
      layers: names.slice(0, NAMED),
      more_layers: Math.max(0, names.length - NAMED),
      top_eigenvalue: topEigenvalue,
      ...rest,
    })),
  }
}

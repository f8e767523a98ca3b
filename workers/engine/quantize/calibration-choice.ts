// Which search for ranges suits the integers, and what was chosen.

import { isWide } from './activation-type.ts'
import type { Calibration, CalibrationMethod } from './calibrate.ts'
import type { StaticOptions } from './static-options.ts'

/** The search for ranges measures 8 bits; with 16, nothing needs to be cut off. */
export function methodFor({ activations, calibration }: StaticOptions): CalibrationMethod {
  const isFree = calibration.name === 'auto' && isWide(activations)
  return isFree ? { ...calibration, name: 'minmax' } : calibration
}

/** Of tensors, by method. */
export function countMethods({ methods }: Calibration): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const method of methods.values()) counts[method] = (counts[method] ?? 0) + 1
  return counts
}

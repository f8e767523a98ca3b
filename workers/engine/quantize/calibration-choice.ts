// Which search for ranges suits the integers, and what was chosen.

import { isWide } from './activation-type.ts'
import type { Calibration, CalibrationMethod } from './calibrate.ts'
import type { StaticOptions } from './static-options.ts'

/** The search for ranges measures 8 bits; with 16, nothing needs to be cut off. */
export function methodFor({ activations, calibration }: StaticOptions): CalibrationMethod {
  const isFree = calibration.name === 'auto' && isWide(activations)
  return isFree ? { ...calibration, name: 'minmax' } : calibration
}

/** For the report; `chosen`: tensors by method. */
export function describeRanges(
  { methods, ranges, runs }: Calibration,
  options: StaticOptions,
): Readonly<Record<string, unknown>> {
  const chosen: Record<string, number> = {}
  for (const method of methods.values()) chosen[method] = (chosen[method] ?? 0) + 1
  return { method: methodFor(options).name, batches: runs, tensors: ranges.size, chosen }
}

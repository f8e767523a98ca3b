// What static quantization is told.

import type { CalibrationMethod } from './calibrate.ts'
import type { PlacementName } from './place.ts'

export interface StaticOptions {
  readonly perChannel: boolean
  /** 7-bit weights, for processors on which sums of two 8-bit products saturate. */
  readonly reduceRange: boolean
  readonly calibration: CalibrationMethod
  /** Scale channels so that a common range fits them, where that helps. */
  readonly equalize: boolean
  /** Divide outlying channels of what matrix products read, where that helps. */
  readonly smoothQuant: boolean
  /** Put what quantization adds to the mean of a layer's outputs into its bias. */
  readonly biasCorrection: boolean
  /** Round each weight up or down for the least error of its layer's output. */
  readonly adaround: boolean
  /** Names of nodes that stay in float, weights included. */
  readonly excludedLayers: readonly string[]
  /** Placements to make; all when left out. */
  readonly placements?: readonly PlacementName[]
  readonly threads?: number
}

export const STATIC_DEFAULTS: StaticOptions = {
  perChannel: true,
  reduceRange: false,
  calibration: { name: 'auto', percentile: 99.99 },
  equalize: true,
  smoothQuant: true,
  biasCorrection: true,
  adaround: false,
  excludedLayers: [],
}

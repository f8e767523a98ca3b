// What static quantization is told.

import type { ActivationType } from './activation-type.ts'
import type { CalibrationMethod } from './calibrate.ts'
import type { PlacementName } from './place.ts'
import type { TargetName } from './targets/target.ts'

export interface StaticOptions {
  readonly target: TargetName
  readonly activations: ActivationType
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
  /** Placements to make; those of the target when left out. */
  readonly placements?: readonly PlacementName[]
  readonly threads?: number
}

export const STATIC_DEFAULTS: StaticOptions = {
  target: 'host',
  activations: 'uint8',
  perChannel: true,
  reduceRange: false,
  calibration: { name: 'auto', percentile: 99.99 },
  equalize: true,
  smoothQuant: true,
  biasCorrection: true,
  adaround: false,
  excludedLayers: [],
}

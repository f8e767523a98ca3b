// Options as settings of blocks.

import type { BlockFit, BlockSettings } from './block-fit.ts'
import { halfQuadraticFit } from './half-quadratic.ts'
import { extremesFit, searchedFit } from './round-to-nearest.ts'
import type { WeightOnlyOptions } from './weight-only-options.ts'

export function settingsOf({ dtype, blockSize, symmetric }: WeightOnlyOptions): BlockSettings {
  return { bits: dtype === 'int8' ? 8 : 4, blockSize, symmetric }
}

export function fitOf(options: WeightOnlyOptions, settings: BlockSettings): BlockFit {
  if (options.algorithm === 'hqq') return halfQuadraticFit(settings)
  return options.scaleSearch ? searchedFit(settings) : extremesFit(settings)
}

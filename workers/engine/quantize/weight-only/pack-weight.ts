// A weight, block by block, with scales that the block alone determines.

import type { BlockFit, BlockParameters, BlockSettings } from './block-fit.ts'
import type { PackedWeight } from './packed-weight.ts'
import { WeightPacker } from './packed-weight.ts'
import type { WeightMatrix } from './weight-matrix.ts'
import { WeightReader } from './weight-matrix.ts'

/** `importance`: of each column of the matrix; `null`: all alike. */
export function packWeight(
  matrix: WeightMatrix,
  settings: BlockSettings,
  fit: BlockFit,
  importance: Float32Array | null = null,
  reader: WeightReader = new WeightReader(),
): PackedWeight {
  const packer = new WeightPacker(matrix.rows, matrix.columns, settings)
  const parameters: BlockParameters = { scale: 1, zero: 0 }
  const { blockSize } = settings
  reader.visitBlocks(matrix, blockSize, (row, block, values) => {
    const first = block * blockSize
    const weights = importance === null ? null : importance.subarray(first, first + values.length)
    fit(values, weights, parameters)
    packer.add(row, block, values, parameters)
  })
  return packer.end()
}

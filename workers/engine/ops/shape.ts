// Operators that change the shape and keep the elements.

import { integerKernel } from './integer-kernel.ts'
import { OPAQUE, sameRule } from './op.ts'
import type { OpTable } from './op.ts'

const CONCAT_KERNEL = integerKernel({ kernels: ['QLinearConcat'], activations: 'all' })

export const SHAPE_OPS: OpTable = {
  Concat: { ...OPAQUE, quantization: CONCAT_KERNEL },
  ...sameRule(
    [
      'DepthToSpace',
      'Expand',
      'Flatten',
      'Gather',
      'Reshape',
      'Slice',
      'Split',
      'Squeeze',
      'Tile',
      'Transpose',
      'Unsqueeze',
    ],
    { ...OPAQUE, quantization: 'carries' },
  ),
}

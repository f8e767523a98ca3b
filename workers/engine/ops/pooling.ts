// Pooling.

import { integerKernel } from './integer-kernel.ts'
import { OPAQUE } from './op.ts'
import type { OpTable } from './op.ts'

const AVERAGE_POOL_KERNEL = integerKernel({ kernels: ['QLinearAveragePool'], activations: [0] })

const GLOBAL_AVERAGE_POOL_KERNEL = integerKernel({
  kernels: ['QLinearGlobalAveragePool'],
  activations: [0],
})

export const POOLING_OPS: OpTable = {
  AveragePool: { ...OPAQUE, quantization: AVERAGE_POOL_KERNEL },
  GlobalAveragePool: { ...OPAQUE, quantization: GLOBAL_AVERAGE_POOL_KERNEL },
  MaxPool: { ...OPAQUE, quantization: 'carries' },
}

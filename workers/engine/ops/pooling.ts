// Pooling.

import type { OpRule, OpTable } from './op.ts'
import { OPAQUE } from './op.ts'
import { integerKernel } from './integer-kernel.ts'
import { passBatchAndChannel } from './pass-axes.ts'
import {
  averagePoolGradient,
  globalAveragePoolGradient,
  globalLpPoolGradient,
  globalMaxPoolGradient,
  lpPoolGradient,
  maxPoolGradient,
} from './pooling-gradient.ts'

const AVERAGE_POOL_KERNEL = integerKernel({ kernels: ['QLinearAveragePool'], activations: [0] })

const GLOBAL_AVERAGE_POOL_KERNEL = integerKernel({
  kernels: ['QLinearGlobalAveragePool'],
  activations: [0],
})

function pool(gradient: OpRule['gradient'], quantization: OpRule['quantization']): OpRule {
  return { macs: 'none', axes: passBatchAndChannel, gradient, quantization, affine: 'none' }
}

export const POOLING_OPS: OpTable = {
  AveragePool: pool(averagePoolGradient, AVERAGE_POOL_KERNEL),
  GlobalAveragePool: pool(globalAveragePoolGradient, GLOBAL_AVERAGE_POOL_KERNEL),
  GlobalLpPool: pool(globalLpPoolGradient, 'float'),
  GlobalMaxPool: pool(globalMaxPoolGradient, 'float'),
  LpPool: pool(lpPoolGradient, 'float'),
  MaxPool: pool(maxPoolGradient, 'carries'),
  MaxRoiPool: OPAQUE,
  MaxUnpool: OPAQUE,
  RoiAlign: OPAQUE,
}

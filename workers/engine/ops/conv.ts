// Convolutions: Conv, ConvTranspose, DeformConv.

import { convGradient, convTransposeGradient } from './conv-gradient.ts'
import { integerKernel } from './integer-kernel.ts'
import { OPAQUE } from './op.ts'
import type { OpTable } from './op.ts'

const CONV_KERNEL = integerKernel({
  kernels: ['QLinearConv'],
  activations: [0],
  weight: { input: 1, channelAxis: () => 0 },
  bias: 2,
  fusesActivation: ['Relu', 'Clip'],
})

export const CONV_OPS: OpTable = {
  Conv: { ...OPAQUE, gradient: convGradient, quantization: CONV_KERNEL },
  ConvTranspose: { ...OPAQUE, gradient: convTransposeGradient },
  DeformConv: OPAQUE,
}

// Activation functions.

import { integerKernel } from './integer-kernel.ts'
import { OPAQUE } from './op.ts'
import type { OpTable } from './op.ts'

const SIGMOID_KERNEL = integerKernel({
  kernels: ['QLinearSigmoid'],
  activations: [0],
  outputRange: [0, 1],
})

const LEAKY_RELU_KERNEL = integerKernel({ kernels: ['QLinearLeakyRelu'], activations: [0] })

const SOFTMAX_KERNEL = integerKernel({
  kernels: ['QLinearSoftmax'],
  activations: [0],
  outputRange: [0, 1],
})

export const ACTIVATION_OPS: OpTable = {
  LeakyRelu: { ...OPAQUE, quantization: LEAKY_RELU_KERNEL },
  Sigmoid: { ...OPAQUE, quantization: SIGMOID_KERNEL },
  Softmax: { ...OPAQUE, quantization: SOFTMAX_KERNEL },
}

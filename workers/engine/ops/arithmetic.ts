// Elementwise operators of two or more operands with broadcasting.

import { integerKernel } from './integer-kernel.ts'
import { OPAQUE } from './op.ts'
import type { OpTable } from './op.ts'

const ADD_KERNEL = integerKernel({
  kernels: ['QLinearAdd'],
  activations: [0, 1],
  fusesActivation: ['Relu', 'Clip'],
})

const MUL_KERNEL = integerKernel({
  kernels: ['QLinearMul'],
  activations: [0, 1],
  fusesActivation: ['Relu', 'Clip'],
})

export const ARITHMETIC_OPS: OpTable = {
  Add: { ...OPAQUE, quantization: ADD_KERNEL },
  Mul: { ...OPAQUE, quantization: MUL_KERNEL },
}

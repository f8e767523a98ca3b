// Operators that other runtimes compute on integers, though ONNX Runtime on CPU does not. Quantizers stand around them as around
// others; that runtime's documentation lists them.

import type { IntegerKernel } from '../../ops/integer-kernel.ts'
import { integerKernel } from '../../ops/integer-kernel.ts'

const UNARY = integerKernel({ kernels: [], activations: [0] })
const BINARY = integerKernel({ kernels: [], activations: [0, 1] })

/** Of weights [inputs, outputs ÷ groups, …]: with groups, a channel of the second axis is several of the result. */
const CONV_TRANSPOSE = integerKernel({
  kernels: [],
  activations: [0],
  weight: {
    input: 1,
    channelAxis: (node) => (node.int('group', 1) === 1 ? 1 : 'none'),
    inputAxis: () => 'none',
    channels: 1,
    factors: 'none',
  },
  bias: 2,
  fusesActivation: ['Relu', 'Clip'],
  accepts: (node) =>
    node.input(1)?.constant == null ? 'its weight is computed, not constant' : 'yes',
})

export function foreignKernels(
  operators: readonly ('ConvTranspose' | UnaryOperator | BinaryOperator)[],
): Readonly<Record<string, IntegerKernel>> {
  return Object.fromEntries(
    operators.map((operator) => {
      if (operator === 'ConvTranspose') return [operator, CONV_TRANSPOSE]
      return [operator, BINARY_OPERATORS.some((name) => name === operator) ? BINARY : UNARY]
    }),
  )
}

const BINARY_OPERATORS = ['Sub', 'Div', 'Max', 'Min'] as const
type BinaryOperator = (typeof BINARY_OPERATORS)[number]

type UnaryOperator =
  | 'Abs'
  | 'Clip'
  | 'Elu'
  | 'Exp'
  | 'Gelu'
  | 'HardSwish'
  | 'Neg'
  | 'ReduceMean'
  | 'Relu'
  | 'Resize'
  | 'Sqrt'
  | 'Tanh'

// Convolutions. W [C_out, C_in/g, k…]: every output element takes C_in/g · Πk of them.
// Transposed, W [C_in, C_out/g, k…]: every input element gives C_out/g · Πk.

import type { MacRule } from './mac-facts.ts'
import { inputSizes, outputSizes, product } from './mac-facts.ts'

function convolution(weightInput: number): MacRule {
  return (node, facts) => {
    const output = outputSizes(node, facts, 0)
    const weight = inputSizes(node, facts, weightInput)
    return output === null || weight === null ? null : product(output) * product(weight.slice(1))
  }
}

export const convMacs = convolution(1)
export const quantizedConvMacs = convolution(3)

export const convTransposeMacs: MacRule = (node, facts) => {
  const input = inputSizes(node, facts, 0)
  const weight = inputSizes(node, facts, 1)
  return input === null || weight === null ? null : product(input) * product(weight.slice(1))
}

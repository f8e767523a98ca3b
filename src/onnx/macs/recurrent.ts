// LSTM, GRU, RNN: at each step every sample meets all weights, W [D, G·H, I] and R [D, G·H, H].

import type { MacRule } from './mac-facts.ts'
import { inputSizes, product } from './mac-facts.ts'

export const recurrentMacs: MacRule = (node, facts) => {
  const input = inputSizes(node, facts, 0)
  const weights = inputSizes(node, facts, 1)
  const recurrent = inputSizes(node, facts, 2)
  if (input === null || weights === null || recurrent === null) return null
  // X is [steps, samples, I], or [samples, steps, I] with layout 1: the product is the same.
  return product(input.slice(0, 2)) * (product(weights) + product(recurrent))
}

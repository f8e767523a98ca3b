// Attention. Scores: every element of Q meets the L keys; result: every element of Y sums over the L values, keys of the past included.

import type { Node } from '../ir/node.ts'
import type { MacFacts, MacRule } from './mac-facts.ts'
import { inputSizes, outputSizes, product } from './mac-facts.ts'

interface Inputs {
  readonly key: number
  readonly pastKey: number
}

/** The sequence axis: [B, L, H·D] or [B, H, L, D]. */
function sequenceLength(sizes: readonly number[]): number {
  return sizes.at(sizes.length === 4 ? 2 : 1) ?? 0
}

/** 0 where there is none, `null` where its size is not known. */
function lengthOf(node: Node, facts: MacFacts, input: number): number | null {
  if (node.input(input) === null) return 0
  const sizes = inputSizes(node, facts, input)
  return sizes === null ? null : sequenceLength(sizes)
}

/** Q, K and V come projected; where they are packed into Q, K is as long as Q and Q as wide as Y. */
function projected({ key, pastKey }: Inputs): MacRule {
  return (node, facts) => {
    const query = inputSizes(node, facts, 0)
    const output = outputSizes(node, facts, 0)
    const past = lengthOf(node, facts, pastKey)
    const isPacked = node.input(key) === null
    const given = isPacked ? query?.[1] : lengthOf(node, facts, key)
    if (query === null || output === null || past === null) return null
    if (given === undefined || given === null) return null
    const asked = isPacked ? product(output) : product(query)
    return (asked + product(output)) * (given + past)
  }
}

export const attentionMacs = projected({ key: 1, pastKey: 4 })
export const multiHeadAttentionMacs = projected({ key: 1, pastKey: 6 })
export const groupQueryAttentionMacs = projected({ key: 1, pastKey: 3 })

/** com.microsoft Attention: X [B, S, I] meets the weights [I, Q + K + V] first. */
function projecting(past: number): MacRule {
  return (node, facts) => {
    const input = inputSizes(node, facts, 0)
    const weights = inputSizes(node, facts, 1)
    const output = outputSizes(node, facts, 0)
    // [2, B, H, P, D]
    const before = node.input(past) === null ? 0 : inputSizes(node, facts, past)?.[3]
    if (input === null || weights === null || output === null || before === undefined) return null
    const [batch = 1, sequence = 1, width = 1] = input
    const columns = weights.at(-1) ?? 0
    const queryWidth = node.ints('qkv_hidden_sizes')?.[0] ?? columns / 3
    const projection = batch * sequence * width * columns
    const scores = batch * sequence * queryWidth * (sequence + before)
    return projection + scores + product(output) * (sequence + before)
  }
}

export const fusedAttentionMacs = projecting(4)
export const quantizedAttentionMacs = projecting(8)

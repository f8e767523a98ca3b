// What of Attention (opset 23) has no gradient.

import type { Node } from '../ir/node.ts'

const FIRST_OF_EARLIER_CALLS = 4
const SCORES = 3

/** Why a node has no gradient although its operator has one; `null`: it has one as far as the node tells. */
export function attentionLimit(node: Node): string | null {
  if (!node.is('Attention')) return null
  const earlier = node.inputs.slice(FIRST_OF_EARLIER_CALLS)
  if (earlier.some((value) => value !== null)) return 'it reads keys of an earlier call'
  const scores = node.output(SCORES)
  const isRead = scores !== null && (scores.uses.size > 0 || isOutput(node, scores))
  return isRead ? 'its scores are read' : null
}

function isOutput({ graph }: Node, value: unknown): boolean {
  return graph?.outputs.some((output) => output === value) ?? false
}

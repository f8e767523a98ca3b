// Operators that take elements one by one do not care how these lie.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { opRule } from '../ops/registry.ts'
import type { BlockedGraph } from './blocked-graph.ts'

/** Where an operand is blocked already, all of one shape and in whole blocks: fill channels might become what is no number. */
export function blockElementwise(blocked: BlockedGraph, node: Node): boolean {
  const rule = opRule(node)
  const output = node.output(0)
  const dims = blocked.dims(output)
  if (rule === 'unknown' || rule.axes !== 'same' || output === null || dims === null) return false
  if (node.outputs.length !== 1 || blocked.isBound(output)) return false
  const channels = dims[1] ?? 0
  if (dims.length !== 4 || channels % blocked.kernels.block !== 0) return false
  if (!node.inputs.some((value) => blocked.isNative(value))) return false
  const inputs: (Value | null)[] = []
  for (const value of node.inputs) {
    const own = blocked.dims(value)
    if (value === null) inputs.push(null)
    else if (own?.join() === dims.join()) inputs.push(blocked.blocked(value))
    else if (own !== null && own.length < 4 && own.every((size) => size === 1)) inputs.push(value)
    else return false
  }
  blocked.replace(output, blocked.g.op(node.opType, inputs, [...node.attributes.values()]))
  return true
}

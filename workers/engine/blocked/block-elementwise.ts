// Operators that take elements one by one do not care how these lie.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { opRule } from '../ops/registry.ts'
import type { BlockedGraph } from './blocked-graph.ts'

/** Truths have no layout of their own: they stay between blocked values. */
const LAID_OUT = ['float32', 'bool'] as const

/** Where an operand is blocked already, all of one shape and in whole blocks: fill channels might become what is no number. */
export function blockElementwise(blocked: BlockedGraph, node: Node): boolean {
  const rule = opRule(node)
  const output = node.output(0)
  const dims = blocked.sizes(output)
  if (rule === 'unknown' || rule.axes !== 'same' || output === null || dims === null) return false
  if (node.outputs.length !== 1 || blocked.isBound(output)) return false
  const channels = dims[1] ?? 0
  if (dims.length !== 4 || channels % blocked.kernels.block !== 0) return false
  if (!LAID_OUT.some((dtype) => blocked.dtype(output) === dtype)) return false
  if (!node.inputs.some((value) => blocked.isNative(value))) return false
  const whole = (value: Value | null) =>
    value !== null && blocked.sizes(value)?.join() === dims.join()
  const fits = (value: Value | null): boolean => {
    if (value === null) return true
    if (whole(value)) return blocked.isNative(value) || blocked.dtype(value) === 'float32'
    const own = blocked.sizes(value)
    return own !== null && own.length < dims.length && own.every((size) => size === 1)
  }
  if (!node.inputs.every(fits)) return false
  const inputs = node.inputs.map((value) => {
    return value !== null && whole(value) ? blocked.blocked(value) : value
  })
  blocked.replace(output, blocked.g.op(node.opType, inputs, [...node.attributes.values()]))
  return true
}

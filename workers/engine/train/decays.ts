// Which weights decay: those that inputs are multiplied by, and tables. Not biases, scales of normalizations, gates and offsets.

import type { Use, Value } from '#src/onnx/ir/value'
import { opRule } from '../ops/registry.ts'

/** Inputs of layers from this one on are biases and states, however many axes they have. */
const FIRST_BIAS = 3

/** Of an initializer that only the model reads as yet. */
export function decays(weight: Value): boolean {
  return (weight.constant?.dims.length ?? 0) > 1 && [...weight.uses].some(isFactor)
}

/** Layers count what they multiply. Elsewhere what is taken element by element is an offset or a gate; what is moved first may be one. */
function isFactor({ node, index }: Use): boolean {
  const rule = opRule(node)
  if (rule === 'unknown') return false
  if (rule.macs !== 'none') return index < FIRST_BIAS
  if (rule.axes !== 'same') return true
  const output = node.output(0)
  return node.inputs.length === 1 && output !== null && [...output.uses].some(isFactor)
}

// What a gradient recipe is told of the node that it differentiates.

import type { Node } from '#src/onnx/ir/node'
import { Value } from '#src/onnx/ir/value'
import type { GradientCall } from '../ops/gradient-call.ts'
import { GradientRefusal } from '../ops/gradient-call.ts'
import type { Facts } from '../ops/op.ts'

/** `gradients`: those that have reached values so far. `dependent`: the values whose gradients somebody needs. */
export function nodeCall(
  node: Node,
  facts: Facts,
  gradients: ReadonlyMap<Value, Value>,
  dependent: ReadonlySet<Value>,
): GradientCall {
  const missing = (what: string): never => {
    throw new GradientRefusal(`${node.describe()} has no gradient: ${what}`)
  }
  const shapeOf = (value: Value) => {
    const type = facts.type(value)
    return type?.kind === 'tensor' ? type.shape : null
  }
  return {
    node,
    x: (index) => node.input(index) ?? missing(`it lacks input ${index}`),
    has: (index) => node.input(index) !== null,
    y: (index) => node.output(index) ?? nameOutput(node, index),
    dy: (index) => {
      const output = node.output(index)
      return output === null ? null : (gradients.get(output) ?? null)
    },
    wants: (index) => {
      const value = node.input(index)
      return value !== null && dependent.has(value)
    },
    shape: shapeOf,
    rank: (value) => shapeOf(value)?.length ?? missing(`the rank of '${value.name}' is not known`),
    constant: (value) => facts.constant(value),
  }
}

/** An output that the node left out, named after the first. */
function nameOutput(node: Node, index: number): Value {
  const first = node.outputs.find((value) => value !== null)
  const value = new Value(`${first?.name ?? node.name}/output_${index}`)
  node.setOutput(index, value)
  return value
}

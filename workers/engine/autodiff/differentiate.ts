// Reverse-mode differentiation: from a graph with a scalar to the same graph with the scalar's gradients.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { BlockSize } from '../ops/blocked-conv.ts'
import { GradientBuilder } from '../ops/gradient-builder.ts'
import type { GradientRecipe } from '../ops/gradient-call.ts'
import { GradientRefusal } from '../ops/gradient-call.ts'
import { opRule } from '../ops/registry.ts'
import { dependentValues } from './dependent-values.ts'
import { nodeCall } from './node-call.ts'

export interface DifferentiateOptions {
  /** What the names of new values begin with; no name of the graph does. */
  readonly prefix: string
  /** Types of the values of the graph as it is now; inferred where left out. */
  readonly facts?: TypeInference
  /** Of the runtime's blocked convolutions, which gradients may use then; none where left out. */
  readonly block?: BlockSize
}

/**
 * Appends the gradients of `loss`, a float scalar, with respect to `wanted`, in standard operators of opset 18 and later.
 * A wanted value on which the loss does not depend has none. Branches that reach no wanted value are not differentiated.
 * @throws GradientRefusal naming the node that has no gradient
 */
export function differentiate(
  model: Model,
  loss: Value,
  wanted: readonly Value[],
  options: DifferentiateOptions,
): ReadonlyMap<Value, Value> {
  const { graph } = model
  const facts = options.facts ?? inferTypes(model)
  const builder = new GradientBuilder(graph, facts, options.prefix, options.block)
  const dependent = dependentValues(graph, wanted)
  const gradients = new Map<Value, Value>()
  const nodes = [...graph.nodes()]
  if (dependent.has(loss)) gradients.set(loss, builder.scalar(1, loss))
  for (const node of nodes.toReversed()) {
    const isOnPath = node.outputs.some((value) => {
      return value !== null && gradients.has(value) && dependent.has(value)
    })
    if (!isOnPath) continue
    const recipe = recipeOf(node)
    if (recipe === 'zero') continue
    const parts = recipe(builder, nodeCall(node, facts, gradients, dependent))
    for (const [index, part] of parts.entries()) {
      const input = node.input(index)
      if (part === null || input === null || !dependent.has(input)) continue
      const before = gradients.get(input)
      gradients.set(input, before === undefined ? part : builder.add(before, part))
    }
  }
  return new Map(
    wanted.flatMap((value) => {
      const gradient = gradients.get(value)
      return gradient === undefined ? [] : [[value, gradient] as const]
    }),
  )
}

function recipeOf(node: Node): GradientRecipe | 'zero' {
  const rule = opRule(node)
  if (rule === 'unknown') {
    throw new GradientRefusal(`${node.describe()} has no gradient: the operator is not known`)
  }
  if (rule.gradient === 'none') {
    throw new GradientRefusal(`${node.describe()} has no gradient`)
  }
  return rule.gradient
}

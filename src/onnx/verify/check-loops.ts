// Loop and Scan: they end, and their bodies do not redefine what they are given.

import type { Graph } from '../ir/graph.ts'
import type { Model } from '../ir/model.ts'
import type { Node } from '../ir/node.ts'
import type { Tensor } from '../ir/tensor.ts'
import type { Value } from '../ir/value.ts'
import { OnnxError } from '../onnx-error.ts'
import type { TypeInference } from '../shapes/infer-types.ts'
import { bigintValues } from '../tensor-values.ts'
import type { VerifyLimits } from './limits.ts'
import { placeOf } from './place.ts'
import { graphScopes } from './scopes.ts'

export function* checkLoops(
  model: Model,
  limits: VerifyLimits,
  types: TypeInference,
): IterableIterator<OnnxError> {
  for (const { graph } of graphScopes(model)) {
    for (const node of graph.nodes()) {
      if (node.is('Loop', 'Scan')) yield* checkBody(node)
      if (node.is('Loop')) yield* checkIterations(node, limits, types)
    }
  }
}

function* checkBody(node: Node): IterableIterator<OnnxError> {
  for (const body of node.subgraphs()) {
    for (const { name } of body.inputs) {
      if (!body.initializers.has(name)) continue
      yield new OnnxError(
        'invalid_graph',
        `the body of ${node.describe()} has '${name}' both as an input and as an initializer; it can be one only`,
        placeOf(node, { tensor: name }),
      )
    }
  }
}

function* checkIterations(
  node: Node,
  limits: VerifyLimits,
  types: TypeInference,
): IterableIterator<OnnxError> {
  const count = node.input(0)
  const known = integerOf(count, types)
  if (count !== null && (known === null || known <= BigInt(limits.maxLoopIterations))) return
  const body = node.subgraphs()[0]
  if (body !== undefined && canStop(body, types)) return
  const bound = known === null ? 'no count' : `the count ${known}`
  yield new OnnxError(
    'loop_unbounded',
    `${node.describe()} has ${bound} and no condition that its body computes; at most ${limits.maxLoopIterations} iterations are supported`,
    placeOf(node),
  )
}

function integerOf(value: Value | null, types: TypeInference): bigint | null {
  const tensor = value === null ? null : types.constant(value)
  return tensor?.dtype === 'int64' ? (bigintValues(tensor)[0] ?? null) : null
}

/** Whether the body's condition is anything but what it was given, or a constant 'true'. */
function canStop(body: Graph, types: TypeInference): boolean {
  let value = body.outputs[0] ?? null
  while (value?.producer?.is('Identity', 'Cast')) value = value.producer.input(0)
  if (value === null || value === body.inputs[1]) return false
  return !isTrue(types.constant(value))
}

function isTrue(tensor: Tensor | null): boolean {
  return tensor?.dtype === 'bool' && bigintValues(tensor)[0] !== 0n
}

// Sizes of the description itself: nodes, depth, names, metadata.

import type { Graph } from '../ir/graph.ts'
import type { Model } from '../ir/model.ts'
import { OnnxError } from '../onnx-error.ts'
import type { VerifyLimits } from './limits.ts'
import { nodeLabel, placeOf } from './place.ts'
import { graphScopes } from './scopes.ts'

/** Characters of an overlong name that a message repeats. */
const SHOWN = 40

export function* checkDepth(model: Model, limits: VerifyLimits): IterableIterator<OnnxError> {
  for (const { graph, depth } of graphScopes(model)) {
    if (depth <= limits.maxDepth) continue
    yield new OnnxError(
      'graph_too_deep',
      `graphs are nested more than ${limits.maxDepth} deep in ${graph.owner?.describe() ?? 'a function'}`,
      graph.owner === null ? {} : placeOf(graph.owner),
    )
    return
  }
}

export function* checkComplexity(model: Model, limits: VerifyLimits): IterableIterator<OnnxError> {
  let nodes = 0
  for (const { graph } of graphScopes(model)) nodes += graph.nodeCount
  if (nodes > limits.maxNodes) {
    yield new OnnxError(
      'model_too_complex',
      `the model has ${nodes} nodes; at most ${limits.maxNodes} are supported`,
    )
  }
  const entries = [...model.metadata, ...model.graph.metadata]
  const metadata = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  if (metadata > limits.maxMetadataLength) {
    yield new OnnxError(
      'model_too_complex',
      `the model carries ${metadata} characters of metadata; at most ${limits.maxMetadataLength} are supported`,
    )
  }
  yield* checkNames(model, limits)
}

function* checkNames(model: Model, limits: VerifyLimits): IterableIterator<OnnxError> {
  for (const { graph } of graphScopes(model)) {
    for (const [kind, name] of namesOf(graph)) {
      if (name.length <= limits.maxNameLength) continue
      yield new OnnxError(
        'name_too_long',
        `the ${kind} name '${name.slice(0, SHOWN)}…' has ${name.length} characters; at most ${limits.maxNameLength} are supported`,
        kind === 'node'
          ? { node: name.slice(0, limits.maxNameLength) }
          : { tensor: name.slice(0, limits.maxNameLength) },
      )
    }
  }
}

function* namesOf(graph: Graph): IterableIterator<readonly [kind: string, name: string]> {
  for (const value of graph.inputs) yield ['input', value.name]
  for (const value of graph.outputs) yield ['output', value.name]
  for (const name of graph.initializers.keys()) yield ['initializer', name]
  for (const node of graph.nodes()) {
    yield ['node', nodeLabel(node)]
    yield ['operator', node.opType]
    for (const value of node.outputs) if (value !== null) yield ['value', value.name]
  }
}

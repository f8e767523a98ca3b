// Edges: every name is defined once, before it is read, without cycles.

import type { Graph } from '../ir/graph.ts'
import type { Model } from '../ir/model.ts'
import type { Node } from '../ir/node.ts'
import type { Value } from '../ir/value.ts'
import { OnnxError } from '../onnx-error.ts'
import { placeOf } from './place.ts'
import { graphScopes } from './scopes.ts'

export function* checkTopology(model: Model): IterableIterator<OnnxError> {
  for (const { graph } of graphScopes(model)) yield* checkNames(graph)
  yield* checkOrder(model.graph, new Set())
  for (const { body } of model.functions) yield* checkOrder(body, new Set())
  yield* checkOutputs(model)
}

function* checkNames(graph: Graph): IterableIterator<OnnxError> {
  const names = new Set<string>()
  for (const { name } of graph.inputs) {
    if (names.has(name)) yield twice(name, { tensor: name })
    names.add(name)
  }
  for (const name of graph.initializers.keys()) {
    if (name === '') yield new OnnxError('invalid_graph', 'an initializer has no name')
    names.add(name)
  }
  for (const node of graph.nodes()) {
    for (const value of node.outputs) {
      if (value === null) continue
      if (names.has(value.name))
        yield twice(value.name, placeOf(node, { tensor: value.name }), node)
      names.add(value.name)
    }
  }
}

function twice(name: string, where: OnnxError['where'], node: Node | null = null): OnnxError {
  const writer = node === null ? '' : `, the second time by ${node.describe()}`
  return new OnnxError(
    'invalid_graph',
    `the value '${name}' is defined twice${writer}; every name must be defined once`,
    where,
  )
}

/** `visible` holds what outer graphs defined before the node whose graph this is. */
function* checkOrder(graph: Graph, visible: Set<Value>): IterableIterator<OnnxError> {
  for (const value of graph.inputs) visible.add(value)
  for (const value of graph.initializers.values()) visible.add(value)
  for (const node of graph.nodes()) {
    for (const value of node.inputs) {
      if (value === null || visible.has(value)) continue
      yield undefinedRead(node, value)
    }
    for (const inner of node.subgraphs()) yield* checkOrder(inner, visible)
    for (const value of node.outputs) if (value !== null) visible.add(value)
  }
  for (const value of graph.outputs) {
    if (!visible.has(value)) {
      yield new OnnxError(
        'invalid_graph',
        `the graph output '${value.name}' is written by no node`,
        { tensor: value.name },
      )
    }
  }
}

function undefinedRead(node: Node, value: Value): OnnxError {
  const where = placeOf(node, { tensor: value.name })
  const reads = `${node.describe()} reads '${value.name}'`
  if (value.producer === null) {
    const fault = `${reads}, which is no input, no initializer and no output of a node`
    return new OnnxError('invalid_graph', fault, where)
  }
  const writer = value.producer.describe()
  if (dependsOn(value.producer, node)) {
    const fault = `${reads}, which ${writer} computes from its own result: the graph has a cycle`
    return new OnnxError('invalid_graph', fault, where)
  }
  const fault = `${reads}, which ${writer} writes later; nodes must be in the order they run in`
  return new OnnxError('invalid_graph', fault, where)
}

/** Whether `node` reads, through any nodes of its graph, what `source` writes. */
function dependsOn(node: Node, source: Node): boolean {
  const seen = new Set<Node>([node])
  const open = [node]
  for (let current = open.pop(); current !== undefined; current = open.pop()) {
    if (current === source) return true
    for (const value of current.inputs) {
      const producer = value?.producer ?? null
      if (producer === null || seen.has(producer)) continue
      seen.add(producer)
      open.push(producer)
    }
  }
  return false
}

function* checkOutputs(model: Model): IterableIterator<OnnxError> {
  if (model.graph.outputs.length > 0) return
  yield new OnnxError(
    'invalid_graph',
    model.graph.nodeCount === 0
      ? 'the model has no graph, or an empty one'
      : 'the graph has no outputs, so nothing it computes can be seen',
  )
}

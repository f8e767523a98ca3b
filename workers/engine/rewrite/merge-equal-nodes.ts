// Common subexpressions: nodes of one graph with the same operator, attributes and inputs compute the same.

import type { Graph } from '#src/onnx/ir/graph'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import type { Pass } from './pass.ts'
import { canBypass } from './sole-consumer.ts'

const NEVER_EQUAL: ReadonlySet<string> = new Set([
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Multinomial',
  'Bernoulli',
  'Dropout',
])

export const mergeEqualNodes: Pass = {
  name: 'merge-equal-nodes',
  run: (model) => ({ applied: mergeIn(model.graph), declined: [] }),
}

function mergeIn(graph: Graph): number {
  const identities = new Map<Value, number>()
  const seen = new Map<string, Node>()
  let applied = 0
  const identityOf = (value: Value | null): number => {
    if (value === null) return -1
    const known = identities.get(value) ?? identities.size
    identities.set(value, known)
    return known
  }
  for (const node of graph.nodes()) {
    for (const inner of node.subgraphs()) applied += mergeIn(inner)
    if (!node.is() || NEVER_EQUAL.has(node.opType) || node.subgraphs().length > 0) continue
    const key = keyOf(node, identityOf)
    if (key === null) continue
    const first = seen.get(key)
    if (first === undefined) seen.set(key, node)
    else if (replaceBy(graph, node, first)) applied += 1
  }
  return applied
}

/** `null` when the node has an attribute that is not compared here. */
function keyOf(node: Node, identityOf: (value: Value | null) => number): string | null {
  const attributes: string[] = []
  for (const attribute of node.attributes.values()) {
    switch (attribute.type) {
      case 'float':
      case 'int':
        attributes.push(`${attribute.name}=${attribute.value}`)
        break
      case 'string':
      case 'floats':
      case 'ints':
        attributes.push(`${attribute.name}=[${attribute.value.join()}]`)
        break
      default:
        return null
    }
  }
  const inputs = node.inputs.map(identityOf).join()
  return `${node.opType}/${node.outputs.length}(${inputs})${attributes.toSorted().join(';')}`
}

function replaceBy(graph: Graph, node: Node, first: Node): boolean {
  const isOutput = node.outputs.some((value) => value?.isGraphOutput ?? false)
  if (isOutput && (node.outputs.length > 1 || !canReplaceOutput(node, first))) return false
  const pairs = node.outputs.map((value, index) => [value, first.output(index)] as const)
  if (pairs.some(([value, kept]) => value !== null && value.uses.size > 0 && kept === null)) {
    return false
  }
  for (const [value, kept] of pairs) {
    if (value !== null && kept !== null) graph.replaceUses(value, kept)
  }
  graph.remove(node)
  return true
}

function canReplaceOutput(node: Node, first: Node): boolean {
  const kept = first.output(0)
  return kept !== null && canBypass(node, kept)
}

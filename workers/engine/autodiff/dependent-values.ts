// Which values of a graph change when some of them do.

import type { Graph } from '#src/onnx/ir/graph'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { opRule } from '../ops/registry.ts'

/** `sources` and what is computed from them, up to operators through which no change of a real number passes. */
export function dependentValues(graph: Graph, sources: Iterable<Value>): ReadonlySet<Value> {
  const dependent = new Set(sources)
  for (const node of graph.nodes()) {
    if (!readsAny(node, dependent) || isStop(node)) continue
    for (const value of node.outputs) if (value !== null) dependent.add(value)
  }
  return dependent
}

/** Reads one of the values itself, or in a graph inside it. */
export function readsAny(node: Node, values: ReadonlySet<Value>): boolean {
  if (node.inputs.some((value) => value !== null && values.has(value))) return true
  return node.subgraphs().some((graph) => {
    return [...graph.nodes()].some((inner) => readsAny(inner, values))
  })
}

function isStop(node: Node): boolean {
  const rule = opRule(node)
  return rule !== 'unknown' && rule.gradient === 'zero'
}

// Nodes whose results nobody reads, and constants without a reader.

import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import type { Pass, PassReport } from './pass.ts'

export const removeDeadCode: Pass = {
  name: 'remove-dead-code',
  run: (model: Model): PassReport => ({ applied: sweepDeadCode(model), declined: [] }),
}

/** Removes what nobody reads, in subgraphs too. Gives the number of nodes and constants removed. */
export function sweepDeadCode(model: Model): number {
  return sweep(model.graph)
}

function sweep(graph: Graph): number {
  let removed = 0
  for (const node of [...graph.nodes()].reverse()) {
    const isRead = node.outputs.some(
      (value) => value !== null && (value.uses.size > 0 || value.isGraphOutput),
    )
    if (isRead) {
      for (const inner of node.subgraphs()) removed += sweep(inner)
    } else {
      graph.remove(node)
      removed += 1
    }
  }
  for (const value of graph.initializers.values()) {
    if (value.uses.size > 0 || graph.inputs.includes(value) || graph.outputs.includes(value)) {
      continue
    }
    graph.removeInitializer(value)
    removed += 1
  }
  const alive = graph.valueInfo.filter((value) => value.producer !== null)
  graph.valueInfo.splice(0, graph.valueInfo.length, ...alive)
  return removed
}

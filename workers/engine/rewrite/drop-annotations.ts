// Notes of exporters: documentation strings and stack traces of nodes, and declared types that inference finds by itself. Exports
// of torch.onnx hold more of them than of graph. What the model says of itself and of its inputs and outputs stays.

import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import type { ValueType } from '#src/onnx/ir/value-type'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { Pass } from './pass.ts'

export const dropAnnotations: Pass = {
  name: 'drop-annotations',
  run: (model: Model) => {
    const inferred = inferTypes(model, { declaredTypes: 'ignore' })
    return { applied: dropIn(model.graph, inferred), declined: [] }
  },
}

function dropIn(graph: Graph, inferred: TypeInference): number {
  let dropped = 0
  for (const node of graph.nodes()) {
    if (node.docString !== '' || node.metadata.length > 0) {
      node.docString = ''
      node.metadata = []
      dropped += 1
    }
    for (const inner of node.subgraphs()) dropped += dropIn(inner, inferred)
  }
  const kept = graph.valueInfo.filter((value) => {
    return value.producer !== null && !covers(inferred.type(value), value.type)
  })
  dropped += graph.valueInfo.length - kept.length
  graph.valueInfo.splice(0, graph.valueInfo.length, ...kept)
  return dropped
}

/** Whether inference knows all that was declared: the type, the rank, and every size. */
function covers(inferred: ValueType | null, declared: ValueType | null): boolean {
  if (declared === null) return true
  if (inferred?.kind !== 'tensor' || declared.kind !== 'tensor') return false
  if (inferred.dtype === 'none') return declared.dtype === 'none'
  const [known, stated] = [inferred.shape, declared.shape]
  if (known === null || stated === null) return stated === null
  return stated.every((dim, axis) => typeof dim !== 'number' || known[axis] === dim)
}

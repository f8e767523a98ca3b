// The graphs of a model with what a check needs to know of where they are.

import type { Graph } from '../ir/graph.ts'
import type { FunctionDefinition, Model, OpsetImport } from '../ir/model.ts'

export interface GraphScope {
  readonly graph: Graph
  /** 1 for the main graph and for function bodies. */
  readonly depth: number
  readonly definition: FunctionDefinition | null
  readonly opsetImports: readonly OpsetImport[]
}

/** Every graph of the model, outer before inner: the main graph's first, then those of each function. */
export function* graphScopes(model: Model): IterableIterator<GraphScope> {
  yield* withInner(model.graph, 1, null, model.opsetImports)
  for (const definition of model.functions) {
    yield* withInner(definition.body, 1, definition, definition.opsetImports)
  }
}

function* withInner(
  graph: Graph,
  depth: number,
  definition: FunctionDefinition | null,
  opsetImports: readonly OpsetImport[],
): IterableIterator<GraphScope> {
  yield { graph, depth, definition, opsetImports }
  for (const node of graph.nodes()) {
    for (const inner of node.subgraphs()) {
      yield* withInner(inner, depth + 1, definition, opsetImports)
    }
  }
}

export function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain === 'ai.onnx' ? '' : domain, name, overload])
}

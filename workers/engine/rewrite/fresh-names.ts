// Names that no value of a model has yet.

import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'

export class FreshNames {
  readonly #taken = new Set<string>()

  constructor(model: Model) {
    this.#collect(model.graph)
  }

  #collect(graph: Graph): void {
    for (const value of graph.inputs) this.#taken.add(value.name)
    for (const name of graph.initializers.keys()) this.#taken.add(name)
    for (const node of graph.nodes()) {
      for (const value of node.outputs) if (value !== null) this.#taken.add(value.name)
      for (const inner of node.subgraphs()) this.#collect(inner)
    }
  }

  /** `wanted`, or with the first free number behind it; taken from now on. */
  make(wanted: string): string {
    let name = wanted
    for (let count = 1; this.#taken.has(name); count += 1) name = `${wanted}_${count}`
    this.#taken.add(name)
    return name
  }
}

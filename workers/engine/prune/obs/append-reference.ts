// Another model on the same inputs inside a model's graph, so that one run shows both.

import type { Model } from '#src/onnx/ir/model'
import { Value } from '#src/onnx/ir/value'
import { NodeCloner } from '../../rewrite/clone-node.ts'
import { FreshNames } from '../../rewrite/fresh-names.ts'

/** `prefix`: of the names of what is appended. Its outputs are those of nobody. */
export function appendReference(model: Model, reference: Model, prefix: string): void {
  const { graph } = model
  const names = new FreshNames(model)
  const inputs = new Map(graph.inputs.map((input) => [input.name, input]))
  const cloner = new NodeCloner({
    resolve: (value) => {
      const shared = inputs.get(value.name)
      const copy = shared ?? new Value(names.make(prefix + value.name), value.type)
      cloner.bind(value, copy)
      return copy
    },
    rename: (name) => names.make(prefix + name),
  })
  for (const value of reference.graph.initializers.values()) {
    if (value.initializer === null || inputs.has(value.name)) continue
    graph.setInitializer(cloner.valueOf(value), value.initializer)
  }
  for (const node of reference.graph.nodes()) graph.append(cloner.clone(node))
}

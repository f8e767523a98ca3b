// A beginning of names that no value of a model has.

import type { Model } from '#src/onnx/ir/model'

export function freePrefix({ graph }: Model): string {
  const names = [...graph.inputs, ...graph.initializers.values()].map(({ name }) => name)
  for (const node of graph.allNodes()) {
    for (const value of node.outputs) if (value !== null) names.push(value.name)
  }
  let prefix = 'train/'
  while (names.some((name) => name.startsWith(prefix))) prefix = `_${prefix}`
  return prefix
}

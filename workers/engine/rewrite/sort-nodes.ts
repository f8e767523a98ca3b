// Puts the nodes of the main graph into an order in which every value is defined before it is read.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'

/** Nodes that are in order already keep their places. */
export function sortNodes({ graph }: Model): void {
  const order: Node[] = []
  const placed = new Set<Node>()
  const place = (start: Node): void => {
    const stack = [start]
    while (stack.length > 0) {
      const node = stack.at(-1)
      if (node === undefined) break
      const open = node.inputs.flatMap((value) => {
        const producer = value?.producer ?? null
        return producer === null || producer.graph !== graph || placed.has(producer)
          ? []
          : [producer]
      })
      if (open.length > 0) {
        stack.push(...open)
        continue
      }
      stack.pop()
      if (placed.has(node)) continue
      placed.add(node)
      order.push(node)
    }
  }
  for (const node of graph.nodes()) place(node)
  graph.reorder(order)
}

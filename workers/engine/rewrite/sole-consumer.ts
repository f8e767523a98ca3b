// Chains of nodes: who alone reads a value.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'

/** The node that alone reads the value, once; `null` when there are several, or the value is a graph output. */
export function soleConsumer(value: Value | null): Node | null {
  if (value === null || value.isGraphOutput || value.uses.size !== 1) return null
  const [use] = value.uses
  return use?.node ?? null
}

/** The producer of a value that nothing but `reader` reads; `null` otherwise, and when they lie in different graphs. */
export function soleProducer(value: Value | null, reader: Node): Node | null {
  const producer = value?.producer ?? null
  if (producer === null || producer.graph !== reader.graph) return null
  return soleConsumer(value) === reader ? producer : null
}

/** Makes readers of the node's first output read `replacement`, and takes the node out. */
export function bypass(node: Node, replacement: Value): void {
  const output = node.output(0)
  const { graph } = node
  if (output === null || graph === null) throw new Error(`${node.describe()} has no output`)
  graph.replaceUses(output, replacement)
  graph.remove(node)
}

/** Whether `bypass` can do without an Identity that only carries the name of a graph output. */
export function canBypass(node: Node, replacement: Value): boolean {
  const output = node.output(0)
  if (output === null || !output.isGraphOutput) return output !== null
  return (
    replacement.producer !== null && replacement.graph === node.graph && !replacement.isGraphOutput
  )
}

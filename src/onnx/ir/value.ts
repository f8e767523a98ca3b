// A value: the edge of the graph. It has one definition (a node's output, a graph input, an initializer) and any number of uses.

import type { Graph } from './graph.ts'
import type { Node } from './node.ts'
import type { SparseTensor, Tensor } from './tensor.ts'
import type { ValueType } from './value-type.ts'

/** One input slot of one node. A node that reads a value twice makes two uses. */
export interface Use {
  readonly node: Node
  readonly index: number
}

export class Value {
  name: string
  type: ValueType | null
  /** The node that writes it; `null` for graph inputs, initializers and undefined names. */
  producer: Node | null = null
  /** Which output of the producer it is; -1 without producer. */
  producerIndex = -1
  /** The graph it belongs to: where it is an input, an initializer or a node's output. */
  graph: Graph | null = null
  /** The constant it holds, when it is an initializer. */
  initializer: Tensor | SparseTensor | null = null
  docString = ''
  metadata: readonly (readonly [string, string])[] = []
  /** Input slots that read it, those of nodes in subgraphs included. Changed by Node and Graph only. */
  readonly uses = new Set<Use>()

  constructor(name: string, type: ValueType | null = null) {
    this.name = name
    this.type = type
  }

  /** The dense constant it holds, or `null`. Values that are also graph inputs can be overridden by a caller and are not constant. */
  get constant(): Tensor | null {
    if (this.initializer === null || this.initializer.kind !== 'tensor') return null
    return this.isGraphInput ? null : this.initializer
  }

  get isGraphInput(): boolean {
    return this.graph !== null && this.producer === null && this.graph.inputs.includes(this)
  }

  get isGraphOutput(): boolean {
    return this.graph !== null && this.graph.outputs.includes(this)
  }

  /** The nodes that read it, each once, in no particular order. */
  consumers(): Node[] {
    return [...new Set([...this.uses].map((use) => use.node))]
  }
}

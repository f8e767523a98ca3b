// A graph: nodes in execution order, kept as a linked list so that insertion and removal cost nothing on large models.

import { Node } from './node.ts'
import type { SparseTensor, Tensor } from './tensor.ts'
import { tensorType } from './value-type.ts'
import { Value } from './value.ts'

export class Graph {
  name = ''
  docString = ''
  metadata: readonly (readonly [string, string])[] = []
  /** `GraphProto` fields this IR does not interpret, as protobuf bytes, kept for round trips. */
  unknownFields: Uint8Array | null = null
  readonly inputs: Value[] = []
  readonly outputs: Value[] = []
  /** Values that hold a constant, by name, in file order. Values may also be in `inputs` (IR version < 4). */
  readonly initializers = new Map<string, Value>()
  /** Values with an entry in `value_info`, in file order. */
  readonly valueInfo: Value[] = []
  /** `quantization_annotation`, as protobuf bytes each, kept for round trips. */
  quantizationAnnotations: readonly Uint8Array[] = []
  /** The node whose attribute this graph is; `null` for the main graph and function bodies. */
  owner: Node | null = null
  #first: Node | null = null
  #last: Node | null = null
  #count = 0

  get nodeCount(): number {
    return this.#count
  }

  /** Nodes in order. The node just yielded may be removed, and nodes may be inserted after it. */
  *nodes(): IterableIterator<Node> {
    let node = this.#first
    while (node !== null) {
      const next: Node | null = node.next
      yield node
      node = node.next ?? (node.graph === this ? null : next)
    }
  }

  /** Nodes of this graph and of all graphs inside it, outer before inner. */
  *allNodes(): IterableIterator<Node> {
    for (const node of this.nodes()) {
      yield node
      for (const graph of node.subgraphs()) yield* graph.allNodes()
    }
  }

  append(node: Node): Node {
    return this.#link(node, this.#last, null)
  }

  insertBefore(node: Node, reference: Node): Node {
    return this.#link(node, reference.previous, reference)
  }

  insertAfter(node: Node, reference: Node): Node {
    return this.#link(node, reference, reference.next)
  }

  #link(node: Node, previous: Node | null, next: Node | null): Node {
    if (node.graph !== null) throw new Error(`${node.describe()} is in a graph already`)
    node.graph = this
    node.previous = previous
    node.next = next
    if (previous === null) this.#first = node
    else previous.next = node
    if (next === null) this.#last = node
    else next.previous = node
    for (const value of node.outputs) if (value !== null) value.graph = this
    for (const graph of node.subgraphs()) graph.owner = node
    this.#count += 1
    return node
  }

  #unlink(node: Node): void {
    if (node.previous === null) this.#first = node.next
    else node.previous.next = node.next
    if (node.next === null) this.#last = node.previous
    else node.next.previous = node.previous
    node.graph = null
    node.previous = null
    node.next = null
    this.#count -= 1
  }

  /** Takes the node out; its outputs must have no use left. Nodes inside its subgraphs let go of what they read. */
  remove(node: Node): void {
    for (const value of node.outputs) {
      if (value !== null && (value.uses.size > 0 || value.isGraphOutput)) {
        throw new Error(`${node.describe()} still has a reader of '${value.name}'`)
      }
    }
    for (const graph of node.subgraphs())
      for (const inner of graph.allNodes()) inner.truncateInputs(0)
    this.#unlink(node)
    node.detach()
  }

  /** Puts the nodes into this order; `order` holds each node once. */
  reorder(order: readonly Node[]): void {
    if (order.length !== this.#count) throw new Error('the order must hold every node once')
    for (const node of order) this.#unlink(node)
    for (const node of order) this.append(node)
  }

  /** Adds a constant of the tensor's name; the caller makes sure that the name is free. */
  addInitializer(tensor: Tensor): Value {
    const value = new Value(tensor.name, tensorType(tensor.dtype, tensor.dims))
    return this.setInitializer(value, tensor)
  }

  setInitializer(value: Value, tensor: Tensor | SparseTensor): Value {
    value.initializer = tensor
    value.graph = this
    this.initializers.set(value.name, value)
    return value
  }

  /** Drops the constant; the value must have no use left. */
  removeInitializer(value: Value): void {
    if (value.uses.size > 0) throw new Error(`initializer '${value.name}' still has a reader`)
    this.initializers.delete(value.name)
    value.initializer = null
  }

  /**
   * Every reader of `old` reads `replacement` instead. When `old` is a graph output, its name must survive:
   * `replacement` takes the name over, or an Identity is appended when it cannot (it is an input, an output, or a constant).
   */
  replaceUses(old: Value, replacement: Value): void {
    if (old === replacement) return
    for (const use of old.uses) use.node.setInput(use.index, replacement)
    const index = this.outputs.indexOf(old)
    if (index < 0) return
    const name = old.name
    old.name = `${name}__replaced`
    const renamable =
      replacement.producer !== null && !replacement.isGraphOutput && replacement.graph === this
    if (renamable) {
      replacement.name = name
      replacement.type = replacement.type ?? old.type
      this.outputs[index] = replacement
      return
    }
    const output = new Value(name, old.type)
    this.append(new Node({ opType: 'Identity', name, inputs: [replacement], outputs: [output] }))
    this.outputs[index] = output
  }
}

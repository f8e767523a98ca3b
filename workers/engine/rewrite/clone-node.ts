// Copies of nodes, subgraphs included, onto other values.

import type { Attribute } from '#src/onnx/ir/attribute'
import { Graph } from '#src/onnx/ir/graph'
import { Node } from '#src/onnx/ir/node'
import { Value } from '#src/onnx/ir/value'

export interface CloneOptions {
  /** The value that stands for one from outside the cloned part. */
  readonly resolve: (value: Value) => Value
  /** The name of the copy of a value. */
  readonly rename: (name: string) => string
  /** The attribute that stands for a reference inside a function body; `null` leaves it out. */
  readonly attribute?: (attribute: Attribute) => Attribute | null
}

/** Clones nodes of one scope; remembers which value became which. */
export class NodeCloner {
  readonly #values = new Map<Value, Value>()
  readonly #options: CloneOptions

  constructor(options: CloneOptions) {
    this.#options = options
  }

  /** Makes `copy` stand for `value`. */
  bind(value: Value, copy: Value): void {
    this.#values.set(value, copy)
  }

  valueOf(value: Value): Value {
    return this.#values.get(value) ?? this.#options.resolve(value)
  }

  clone(node: Node): Node {
    const attributes: Attribute[] = []
    for (const attribute of node.attributes.values()) {
      const copy = this.#attribute(attribute)
      if (copy !== null) attributes.push(copy)
    }
    return new Node({
      opType: node.opType,
      domain: node.domain,
      overload: node.overload,
      name: node.name === '' ? '' : this.#options.rename(node.name),
      inputs: node.inputs.map((value) => (value === null ? null : this.valueOf(value))),
      outputs: node.outputs.map((value) => (value === null ? null : this.#define(value))),
      attributes,
    })
  }

  #define(value: Value): Value {
    const bound = this.#values.get(value)
    if (bound !== undefined) return bound
    const copy = new Value(this.#options.rename(value.name), value.type)
    this.#values.set(value, copy)
    return copy
  }

  #attribute(attribute: Attribute): Attribute | null {
    if (attribute.type === 'graph') return { ...attribute, value: this.#graph(attribute.value) }
    if (attribute.type === 'graphs') {
      return { ...attribute, value: attribute.value.map((graph) => this.#graph(graph)) }
    }
    return this.#options.attribute === undefined ? attribute : this.#options.attribute(attribute)
  }

  #graph(source: Graph): Graph {
    const graph = new Graph()
    graph.name = source.name
    for (const value of source.inputs) {
      const copy = this.#define(value)
      copy.graph = graph
      graph.inputs.push(copy)
    }
    for (const value of source.initializers.values()) {
      if (value.initializer !== null) graph.setInitializer(this.#define(value), value.initializer)
    }
    for (const node of source.nodes()) graph.append(this.clone(node))
    for (const value of source.outputs) graph.outputs.push(this.valueOf(value))
    return graph
  }
}

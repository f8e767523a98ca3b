// The names that a node can read: those of its graph and of the graphs around it.

import { OnnxError } from '../onnx-error.ts'
import type { OnnxErrorPlace } from '../onnx-error.ts'
import { Value } from '../ir/value.ts'

export class Scope {
  readonly #outer: Scope | null
  readonly #values = new Map<string, Value>()

  constructor(outer: Scope | null) {
    this.#outer = outer
  }

  /** The value that this graph itself defines. */
  own(name: string): Value | null {
    return this.#values.get(name) ?? null
  }

  find(name: string): Value | null {
    return this.#values.get(name) ?? this.#outer?.find(name) ?? null
  }

  /**
   * @param by who defines it, for the message: "graph input", "node 'conv1' (Conv)"
   * @throws OnnxError invalid_graph when the name is empty or this graph defines it already
   */
  define(name: string, by: string, where: OnnxErrorPlace): Value {
    const place = { ...where, tensor: name }
    if (name === '') throw new OnnxError('invalid_graph', `${by} has no name`, place)
    if (this.#values.has(name)) {
      const detail = `${by} defines '${name}', which the graph defines already; every name has one definition`
      throw new OnnxError('invalid_graph', detail, place)
    }
    const value = new Value(name)
    this.#values.set(name, value)
    return value
  }
}

// What the rule of one node says about its axes, carried out on the labels of a traced model.

import type { Node } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { AxisContext, Rewrite } from '../ops/axis-context.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { FrozenReason } from './atoms.ts'
import type { AxisAlgebra } from './axis-algebra.ts'
import { Labels } from './axis-algebra.ts'

/** What a node needs of the trace. */
export interface TracedValues {
  readonly algebra: AxisAlgebra
  readonly opset: number
  shape(value: Value): readonly number[] | null
  constant(value: Value): Tensor | null
  /** Labels of the axes of a value that was traced before, or of a constant. */
  axesOf(value: Value): readonly Labels[]
  rewrite(node: Node, rewrite: Rewrite): void
  /** Whether the axis that the node takes statistics over may go. */
  normalized(node: Node, labels: Labels): boolean
}

function own(labels: { readonly size: number }): Labels {
  if (labels instanceof Labels) return labels
  throw new TypeError('labels of another algebra')
}

export class NodeAxes implements AxisContext {
  readonly node: Node
  readonly #trace: TracedValues
  readonly #asked = new Set<Labels>()
  /** By output and axis. */
  readonly #outputs = new Map<Value, Map<number, Labels>>()

  constructor(node: Node, trace: TracedValues) {
    this.node = node
    this.#trace = trace
  }

  get opset(): number {
    return this.#trace.opset
  }

  shape(value: Value): readonly number[] | null {
    return this.#trace.shape(value)
  }

  constant(value: Value): Tensor | null {
    return this.#trace.constant(value)
  }

  #reason(reason: string): FrozenReason {
    return { node: labelOf(this.node), reason }
  }

  input(index: number, axis: number): Labels {
    const value = this.node.input(index)
    const labels = value === null ? undefined : this.#trace.axesOf(value).at(axis)
    if (labels === undefined) {
      throw new Error(`${this.node.describe()} has no axis ${axis} of input ${index}`)
    }
    this.#asked.add(labels)
    return labels
  }

  output(index: number, axis: number, labels: { readonly size: number }): void {
    const value = this.node.output(index)
    if (value === null) return
    const size = this.shape(value)?.[axis]
    if (size !== labels.size) {
      const found = `axis ${axis} of output ${index} has ${size} indices, not ${labels.size}`
      throw new Error(`${this.node.describe()}: ${found}`)
    }
    const axes = this.#outputs.get(value) ?? new Map<number, Labels>()
    axes.set(axis, this.#alone(own(labels)))
    this.#outputs.set(value, axes)
  }

  /** An axis of size 1 carries no label: what had one is taken out of its axis and must stay. */
  #alone(labels: Labels): Labels {
    if (labels.size !== 1) return labels
    this.freeze(labels, 'one index of it is taken out')
    return this.#trace.algebra.fresh(1)
  }

  tie(one: { readonly size: number }, other: { readonly size: number }): void {
    this.#trace.algebra.tie(own(one), own(other), this.#reason('tied to an axis that stays'))
  }

  freeze(labels: { readonly size: number }, reason: string): void {
    this.#trace.algebra.freeze(own(labels), this.#reason(reason))
  }

  normalized(labels: { readonly size: number }): void {
    const isTaken = this.#trace.normalized(this.node, own(labels))
    if (!isTaken) this.freeze(labels, 'normalised over')
  }

  fresh(size: number): Labels {
    return this.#trace.algebra.fresh(size)
  }

  frozen(size: number, reason: string): Labels {
    return this.#trace.algebra.frozen(size, this.#reason(reason))
  }

  split(labels: { readonly size: number }, sizes: readonly number[]): Labels[] {
    const reason = this.#reason('split unevenly')
    return this.#trace.algebra.split(own(labels), sizes, reason)
  }

  merge(factors: readonly { readonly size: number }[]): Labels {
    return this.#trace.algebra.merge(factors.map(own))
  }

  concat(parts: readonly { readonly size: number }[]): Labels {
    return this.#trace.algebra.concat(parts.map(own))
  }

  pick(labels: { readonly size: number }, indices: readonly number[]): Labels {
    return this.#trace.algebra.pick(own(labels), indices)
  }

  rewrite(rewrite: Rewrite): void {
    this.#trace.rewrite(this.node, rewrite)
  }

  /** Freezes input axes that the rule did not ask for. */
  freezeRest(): void {
    for (const input of this.node.inputs) {
      if (input === null || this.shape(input) === null) continue
      for (const labels of this.#trace.axesOf(input)) {
        if (!this.#asked.has(labels)) this.freeze(labels, 'an axis that no rule follows')
      }
    }
  }

  /** Labels of an output; axes that the rule did not name are frozen. */
  outputAxes(output: Value): Labels[] {
    const named = this.#outputs.get(output)
    const shape = this.shape(output) ?? []
    return shape.map((size, axis) => named?.get(axis) ?? this.frozen(size, 'made anew here'))
  }
}

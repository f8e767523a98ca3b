// A graph on its way to blocked kernels: which values have a blocked twin, which have nothing but that, and in what order all is made.

import type { Graph } from '#src/onnx/ir/graph'
import { intAttribute } from '#src/onnx/ir/attribute'
import type { DataType } from '#src/onnx/ir/data-type'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { BlockedKernels } from '../ops/blocked-kernels.ts'
import { GradientBuilder } from '../ops/gradient-builder.ts'

export class BlockedGraph {
  readonly g: GradientBuilder
  readonly kernels: BlockedKernels
  readonly #graph: Graph
  readonly #facts: TypeInference
  readonly #twins = new Map<Value, Value>()
  /** Values that are made blocked; the plain ones that somebody asked for. */
  readonly #native = new Map<Value, Value | null>()
  /** How many nodes the graph had behind the work on each of the old ones. */
  readonly #counts: number[] = []
  readonly #nodes: readonly Node[]
  readonly #centred = new Map<Value, { readonly mean: Value; readonly centred: Value }>()

  constructor(graph: Graph, facts: TypeInference, prefix: string, block: number) {
    this.g = new GradientBuilder(graph, facts, prefix, block)
    this.kernels = new BlockedKernels(this.g, block)
    this.#graph = graph
    this.#facts = facts
    this.#nodes = [...graph.nodes()]
  }

  /** Gives every node to `take`; those it does not take stay as they are and read plain values. */
  rewrite(take: (node: Node) => boolean): void {
    for (const node of this.#nodes) {
      if (!take(node)) this.#readPlain(node)
      this.#counts.push(this.#graph.nodeCount)
    }
    const all = [...this.#graph.nodes()]
    const order: Node[] = []
    let made = this.#nodes.length
    this.#nodes.forEach((node, index) => {
      const until = this.#counts[index] ?? made
      order.push(...all.slice(made, until), node)
      made = until
    })
    this.#graph.reorder(order)
  }

  /** Sizes of a float32 value of the graph, all known; `null` for others. */
  dims(value: Value | null): readonly number[] | null {
    return this.dtype(value) === 'float32' ? this.sizes(value) : null
  }

  dtype(value: Value | null): DataType | 'none' {
    const type = value === null ? null : this.#facts.type(value)
    return type?.kind === 'tensor' ? type.dtype : 'none'
  }

  /** Whatever the elements are. */
  sizes(value: Value | null): readonly number[] | null {
    const type = value === null ? null : this.#facts.type(value)
    const shape = type?.kind === 'tensor' ? type.shape : null
    const isKnown = shape?.every((size) => typeof size === 'number') ?? false
    return isKnown ? (shape as number[]) : null
  }

  /** It is made blocked. */
  isNative(value: Value | null): boolean {
    return value !== null && this.#native.has(value)
  }

  /** The blocked twin, laid out anew where there is none. */
  blocked(value: Value): Value {
    const known = this.#twins.get(value)
    if (known !== undefined) return known
    const twin = this.kernels.reorderIn(value)
    this.#twins.set(value, twin)
    return twin
  }

  /** `value` is made as `twin` from here on. */
  replace(value: Value, twin: Value): void {
    this.#twins.set(value, twin)
    this.#native.set(value, null)
  }

  plain(value: Value): Value {
    const made = this.#native.get(value)
    if (made === undefined) return value
    if (made !== null) return made
    const twin = this.#twins.get(value) as Value
    const plain = this.#laidOut(value, twin)
    this.#native.set(value, plain)
    return plain
  }

  /** Layouts are of float32: truths go through it. */
  #laidOut(value: Value, twin: Value): Value {
    const channels = this.sizes(value)?.[1] ?? 0
    if (this.dtype(value) === 'float32') return this.kernels.reorderOut(twin, channels)
    const cast = (from: Value, to: 'float32' | 'bool') =>
      this.g.op('Cast', [from], [intAttribute('to', DATA_TYPES[to].code)])
    return cast(this.kernels.reorderOut(cast(twin, 'float32'), channels), 'bool')
  }

  /** Results, and what graphs inside nodes read, keep their names and stay plain. */
  isBound(value: Value): boolean {
    return value.isGraphOutput || [...value.uses].some(({ node }) => node.graph !== this.#graph)
  }

  keepCentred(value: Value, mean: Value, centred: Value): void {
    this.#centred.set(value, { mean, centred })
  }

  /** value − mean, where that is at hand. */
  centredBy(value: Value | null, mean: Value | null): Value | null {
    const known = value === null ? undefined : this.#centred.get(value)
    const vector = mean?.producer?.input(0) ?? null
    return known !== undefined && vector === known.mean ? known.centred : null
  }

  #readPlain(node: Node): void {
    node.inputs.forEach((value, index) => {
      if (value !== null && this.#native.has(value)) node.setInput(index, this.plain(value))
    })
  }
}

// One operator call as a shape rule sees it: what is known of the inputs, the attributes, and a way into subgraphs.

import type { Attribute } from '../ir/attribute.ts'
import type { Graph } from '../ir/graph.ts'
import type { Node } from '../ir/node.ts'
import type { DtypeOrNone, Fact, TensorFact } from './fact.ts'
import { isTensorFact } from './fact.ts'
import type { Size } from './expression.ts'
import type { PartialTensor } from './partial-tensor.ts'
import { sizesOf } from './partial-tensor.ts'
import type { MaybeSize } from './symbols.ts'

/** What is known of each output; fewer entries than outputs, or `null`, where nothing is. */
export type ShapeRule = (call: Call) => readonly (Fact | null)[]

export type RuleTable = Readonly<Record<string, ShapeRule>>

/** What the walk over the graph does for rules. */
export interface CallContext {
  /** The opset of the node's domain, or 0 when the model does not import it. */
  readonly opset: number
  input(index: number): Fact | null
  attribute(name: string): Attribute | null
  /** Outputs of a subgraph run on `inputs`; `repeated` for bodies that run many times. */
  walk(graph: Graph, inputs: readonly (Fact | null)[], repeated: boolean): (Fact | null)[]
  problem(message: string): void
}

const UTF8 = new TextDecoder()

export class Call {
  readonly node: Node
  readonly opset: number
  readonly #context: CallContext

  constructor(node: Node, context: CallContext) {
    this.node = node
    this.opset = context.opset
    this.#context = context
  }

  get inputCount(): number {
    return this.node.inputs.length
  }

  get outputCount(): number {
    return this.node.outputs.length
  }

  has(index: number): boolean {
    return this.node.input(index) !== null
  }

  fact(index: number): Fact | null {
    return this.has(index) ? this.#context.input(index) : null
  }

  facts(): (Fact | null)[] {
    return this.node.inputs.map((_, index) => this.fact(index))
  }

  tensor(index: number): TensorFact | null {
    const fact = this.fact(index)
    return isTensorFact(fact) ? fact : null
  }

  dtype(index: number): DtypeOrNone {
    return this.tensor(index)?.dtype ?? 'none'
  }

  shape(index: number): readonly Size[] | null {
    return this.tensor(index)?.shape ?? null
  }

  rank(index: number): number | null {
    return this.shape(index)?.length ?? null
  }

  dim(index: number, axis: number): MaybeSize {
    return this.shape(index)?.at(axis) ?? null
  }

  data(index: number): PartialTensor | null {
    return this.tensor(index)?.data ?? null
  }

  /** Elements of an integer input, in order; `null` when not even their number is known. */
  sizes(index: number): MaybeSize[] | null {
    const data = this.data(index)
    if (data !== null) return sizesOf(data)
    const shape = this.shape(index)
    if (shape?.length !== 1) return null
    const [count] = shape
    if (typeof count !== 'number' || count > MAX_RANK) return null
    return Array.from({ length: count }, () => null)
  }

  /** Elements of an input, when all of them are numbers. Integers beyond 2^53 are rounded. */
  numbers(index: number): number[] | null {
    const data = this.data(index)
    if (data === null) return null
    const numbers: number[] = []
    for (const element of data.elements) {
      if (typeof element !== 'number' && typeof element !== 'bigint') return null
      numbers.push(Number(element))
    }
    return numbers
  }

  /** The only element of an input. */
  scalar(index: number): MaybeSize {
    const data = this.data(index)
    return data?.elements.length === 1 ? (sizesOf(data)[0] ?? null) : null
  }

  attribute(name: string): Attribute | null {
    return this.#context.attribute(name)
  }

  int(name: string, fallback: number): number {
    const attribute = this.attribute(name)
    return attribute?.type === 'int' ? Number(attribute.value) : fallback
  }

  ints(name: string): number[] | null {
    const attribute = this.attribute(name)
    return attribute?.type === 'ints' ? attribute.value.map(Number) : null
  }

  floats(name: string): number[] | null {
    const attribute = this.attribute(name)
    return attribute?.type === 'floats' ? [...attribute.value] : null
  }

  string(name: string, fallback: string): string {
    const attribute = this.attribute(name)
    return attribute?.type === 'string' ? UTF8.decode(attribute.value) : fallback
  }

  graph(name: string): Graph | null {
    const attribute = this.attribute(name)
    return attribute?.type === 'graph' ? attribute.value : null
  }

  walk(graph: Graph, inputs: readonly (Fact | null)[], repeated = false): (Fact | null)[] {
    return this.#context.walk(graph, inputs, repeated)
  }

  /** Says what contradicts itself; inference goes on. */
  problem(message: string): null {
    this.#context.problem(message)
    return null
  }

  /** `axis` counted from 0, or `null` (and a problem) when it is outside of `rank`. */
  axis(axis: number, rank: number): number | null {
    const index = axis < 0 ? axis + rank : axis
    if (index >= 0 && index < rank) return index
    return this.problem(`axis ${axis} is outside of rank ${rank}`)
  }
}

/** Shapes longer than this are not followed. */
export const MAX_RANK = 64

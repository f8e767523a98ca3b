// Residual blocks of a graph: what can be left out so that what flows into it flows on. Found by structure, never by names.

import type { Graph } from '../ir/graph.ts'
import type { Model } from '../ir/model.ts'
import type { Node } from '../ir/node.ts'
import type { Value } from '../ir/value.ts'
import type { TypeInference } from '../shapes/infer-types.ts'
import { weightTensors } from '../weight-tensors.ts'

export interface ResidualBlock {
  /** What flows in, and on when the block is left out. */
  readonly entry: Value
  /** What flows out; of the same shape. */
  readonly exit: Value
  /** The nodes of its branch and what joins it, in order. */
  readonly nodes: readonly Node[]
}

/** Operators behind the sum, such as a normalization or an activation, that may belong to the block. */
const LONGEST_TAIL = 2

/**
 * x + f(x), where nothing outside reads the inside of f, f has weights and holds no other block. What follows the sum belongs to the
 * block where the same made x: in ReLU(x + f(x)) with x = ReLU(…), in LayerNorm(x + f(x)) with x = LayerNorm(…).
 *
 * Blocks of which one takes what another gives, reshaped perhaps, form a chain.
 */
export function residualChains(model: Model, types: TypeInference): ResidualBlock[][] {
  const finder = new BlockFinder(model, types)
  const blocks = [...model.graph.nodes()].flatMap((node) => finder.blockAt(node) ?? [])
  const sums = new Set(blocks.map(({ sum }) => sum))
  const inner = blocks.filter(({ nodes, sum }) => {
    return nodes.every((node) => node === sum || !sums.has(node))
  })
  const chains: ResidualBlock[][] = []
  const byExit = new Map<Value, ResidualBlock[]>()
  for (const { entry, exit, nodes } of inner) {
    const before = finder.before(entry).find((value) => byExit.has(value))
    const chain = before === undefined ? [] : (byExit.get(before) ?? [])
    if (chain.length === 0) chains.push(chain)
    chain.push({ entry, exit, nodes })
    if (before !== undefined) byExit.delete(before)
    byExit.set(exit, chain)
  }
  return chains
}

interface FoundBlock extends ResidualBlock {
  readonly sum: Node
}

class BlockFinder {
  readonly #graph: Graph
  readonly #types: TypeInference
  /** Values that depend on an input of the model. */
  readonly #dependent = new Set<Value>()
  readonly #order = new Map<Node, number>()
  readonly #weighty = new Set<Node>()

  constructor(model: Model, types: TypeInference) {
    const { graph } = model
    this.#graph = graph
    this.#types = types
    for (const value of graph.inputs) if (value.initializer === null) this.#dependent.add(value)
    for (const node of graph.nodes()) {
      this.#order.set(node, this.#order.size)
      if (this.#inputsOf(node).length === 0) continue
      for (const value of node.outputs) if (value !== null) this.#dependent.add(value)
    }
    for (const { value, tensor } of weightTensors(model)) {
      if (tensor.dims.length < 2) continue
      for (const { node } of value.uses) this.#weighty.add(node)
    }
  }

  /** The value and what it is made of by operators without weights, such as a Reshape between two blocks. */
  before(value: Value): Value[] {
    const values = [value]
    for (let node = value.producer; node !== null && values.length <= LONGEST_TAIL;) {
      const [input, ...others] = this.#inputsOf(node)
      if (input === undefined || others.length > 0 || this.#weighty.has(node)) break
      values.push(input)
      node = input.producer
    }
    return values
  }

  /** What the node reads that depends on the model's inputs, graphs inside it included. */
  #inputsOf(node: Node): Value[] {
    const own = node.inputs.filter((value) => value !== null && this.#dependent.has(value))
    const inner = node.subgraphs().flatMap((graph) => {
      return [...graph.nodes()].flatMap((one) => this.#inputsOf(one))
    })
    return [...own, ...inner].filter((value) => value !== null)
  }

  blockAt(sum: Node): FoundBlock | null {
    const [one, other] = [sum.input(0), sum.input(1)]
    const output = sum.output(0)
    if (!sum.is('Add') || one === null || other === null || output === null) return null
    if (one === other || !this.#dependent.has(one) || !this.#dependent.has(other)) return null
    for (const [entry, branch] of [
      [one, other],
      [other, one],
    ] as const) {
      if (!this.#sameShape(entry, output)) continue
      const nodes = this.#branch(entry, branch, sum)
      if (nodes === null) continue
      const tail = this.#tail(entry, output)
      const exit = tail.at(-1)?.output(0) ?? output
      return { entry, exit, nodes: [...nodes, sum, ...tail], sum }
    }
    return null
  }

  /** Nodes on the paths from `entry` to `end`, in order; `null` when there are none, or others read what is on them. */
  #branch(entry: Value, end: Value, sum: Node): Node[] | null {
    const above = this.#above(end, entry)
    const ordered = [...above].toSorted((a, b) => this.#at(a) - this.#at(b))
    const reached = new Set<Value>([entry])
    const nodes = ordered.filter((node) => {
      if (!this.#inputsOf(node).some((value) => reached.has(value))) return false
      for (const value of node.outputs) if (value !== null) reached.add(value)
      return true
    })
    if (!reached.has(end) || !nodes.some((node) => this.#weighty.has(node))) return null
    const inside = new Set([...nodes, sum])
    const isPrivate = nodes.every((node) =>
      node.outputs.every((value) => {
        return (
          value === null ||
          (!value.isGraphOutput && value.consumers().every((reader) => inside.has(reader)))
        )
      }),
    )
    return isPrivate ? nodes : null
  }

  #at(node: Node): number {
    return this.#order.get(node) ?? 0
  }

  /** Nodes that `end` is made by, not going beyond `entry`. */
  #above(end: Value, entry: Value): Set<Node> {
    const first = entry.producer === null ? -1 : this.#at(entry.producer)
    const found = new Set<Node>()
    const open = [end]
    for (let value = open.pop(); value !== undefined; value = open.pop()) {
      const node = value.producer
      // What comes before the entry cannot depend on it.
      if (value === entry || node === null || node.graph !== this.#graph) continue
      if (found.has(node) || this.#at(node) < first) continue
      found.add(node)
      open.push(...this.#inputsOf(node))
    }
    return found
  }

  #tail(entry: Value, output: Value): Node[] {
    const tail: Node[] = []
    let best: Node[] = []
    let value = output
    while (tail.length < LONGEST_TAIL) {
      const [reader, ...others] = value.consumers()
      const next = reader?.output(0) ?? null
      if (reader === undefined || others.length > 0 || value.isGraphOutput) break
      if (next === null || this.#weighty.has(reader) || !this.#sameShape(next, output)) break
      if (reader.graph !== this.#graph || this.#inputsOf(reader).length !== 1) break
      tail.push(reader)
      value = next
      if (this.#isMadeBy(entry, tail)) best = [...tail]
    }
    return best
  }

  /** Whether operators of the same types, in the same order, made the value. */
  #isMadeBy(made: Value, nodes: readonly Node[]): boolean {
    let value: Value | null = made
    for (const { opType, domain } of nodes.toReversed()) {
      const producer: Node | null = value?.producer ?? null
      if (producer === null || producer.opType !== opType || producer.domain !== domain)
        return false
      const [input] = this.#inputsOf(producer)
      value = input ?? null
    }
    return true
  }

  #sameShape(one: Value, other: Value): boolean {
    const [a, b] = [one, other].map((value) => {
      const type = this.#types.type(value)
      return type?.kind === 'tensor' ? type.shape : null
    })
    if (a === null || a === undefined || b === null || b === undefined) return false
    return a.length === b.length && a.every((dim, axis) => dim === b[axis])
  }
}

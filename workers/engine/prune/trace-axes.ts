// Follows every index of every axis of every tensor through a model. What a rule does not know stays whole, and why is kept.

import type { Model } from '#src/onnx/ir/model'
import { opsetVersion } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { Rewrite } from '../ops/axis-context.ts'
import { opRule } from '../ops/registry.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { Labels } from './axis-algebra.ts'
import { AxisAlgebra } from './axis-algebra.ts'
import type { TracedValues } from './node-axes.ts'
import { NodeAxes } from './node-axes.ts'
import type { ObservedShapes } from './observed-shapes.ts'
import { observeShapes, sizesOf } from './observed-shapes.ts'
import { sameAxes } from './same-axes.ts'

/** Every index costs some bytes. */
const LONGEST_AXIS = 2 ** 22

/** What becomes of axes that statistics are taken over: `whole` keeps them, `taken` follows them as any other. */
export type NormalizedAxes = 'whole' | 'taken'

/** A node and an axis that it takes statistics over. */
export interface NormalizedAxis {
  readonly node: Node
  readonly labels: Labels
}

export interface NodeRewrite {
  readonly node: Node
  readonly rewrite: Rewrite
}

/** Labels of a model whose nodes are all followed. */
export class AxisTrace implements TracedValues {
  readonly algebra = new AxisAlgebra()
  readonly model: Model
  readonly shapes: ObservedShapes
  readonly rewrites: NodeRewrite[] = []
  /** Axes that statistics are taken over. */
  readonly normalizedAxes: NormalizedAxis[] = []
  readonly opset: number
  readonly #axes = new Map<Value, readonly Labels[]>()
  readonly #normalized: NormalizedAxes

  /** @param excluded names of nodes whose weights stay whole */
  constructor(
    model: Model,
    excluded: ReadonlySet<string> = new Set(),
    normalized: NormalizedAxes = 'whole',
  ) {
    this.model = model
    this.#normalized = normalized
    this.opset = opsetVersion(model)
    this.shapes = observeShapes(model)
    for (const value of model.graph.inputs) this.#enter(value, 'an input of the model')
    for (const node of model.graph.nodes()) this.#follow(node)
    for (const node of model.graph.nodes()) if (excluded.has(labelOf(node))) this.#exclude(node)
    for (const value of model.graph.outputs) {
      this.#freezeValue(value, { node: value.name, reason: 'an output of the model' })
    }
  }

  /** Of tensors with a longer axis than can be followed, as little is known as of those of unknown shape. */
  shape(value: Value): readonly number[] | null {
    const { initializer } = value
    const sizes =
      initializer?.kind === 'tensor' ? initializer.dims : sizesOf(this.shapes.types, value)
    return sizes?.every((size) => size <= LONGEST_AXIS) === true ? sizes : null
  }

  constant(value: Value): Tensor | null {
    return this.shapes.always.constant(value)
  }

  /** Empty for values of unknown shape. */
  axesOf(value: Value): readonly Labels[] {
    const known = this.#axes.get(value)
    if (known !== undefined) return known
    const axes = (this.shape(value) ?? []).map((size) => this.algebra.fresh(size))
    this.#axes.set(value, axes)
    if (value.initializer === null) {
      this.#freezeValue(value, { node: value.name, reason: 'of unknown origin' })
    }
    return axes
  }

  rewrite(node: Node, rewrite: Rewrite): void {
    this.rewrites.push({ node, rewrite })
  }

  normalized(node: Node, labels: Labels): boolean {
    this.normalizedAxes.push({ node, labels })
    return this.#normalized === 'taken'
  }

  /** Values with labels, constants included. */
  tensors(): IterableIterator<[Value, readonly Labels[]]> {
    return this.#axes.entries()
  }

  #enter(value: Value, reason: string): void {
    const frozen = { node: value.name, reason }
    const axes = (this.shape(value) ?? []).map((size) => this.algebra.frozen(size, frozen))
    this.#axes.set(value, axes)
  }

  #freezeValue(value: Value, reason: { node: string; reason: string }): void {
    for (const labels of this.axesOf(value)) this.algebra.freeze(labels, reason)
  }

  #follow(node: Node): void {
    const obstacle = this.#obstacle(node)
    const rule = opRule(node)
    if (obstacle !== null || rule === 'unknown' || rule.axes === 'opaque') {
      return this.#freezeAround(node, obstacle ?? `${node.opType} is not followed`)
    }
    const context = new NodeAxes(node, this)
    if (rule.axes === 'same') sameAxes(context)
    else rule.axes(context)
    context.freezeRest()
    for (const output of node.outputs) {
      if (output !== null) this.#axes.set(output, context.outputAxes(output))
    }
  }

  #exclude(node: Node): void {
    const reason = { node: labelOf(node), reason: 'excluded' }
    for (const value of [...node.inputs, ...node.outputs]) {
      if (value !== null) this.#freezeValue(value, reason)
    }
  }

  #obstacle(node: Node): string | null {
    if (node.subgraphs().length > 0) return `graphs inside ${node.opType} are not followed`
    for (const value of [...node.inputs, ...node.outputs]) {
      if (value === null) continue
      const shape = this.shape(value)
      if (shape === null) return `the shape of '${value.name}' is not known`
      if (shape.includes(0) && value.initializer === null) return `'${value.name}' is empty`
      if (value.initializer?.kind === 'sparse_tensor') return `'${value.name}' is sparse`
    }
    return null
  }

  #freezeAround(node: Node, reason: string): void {
    const frozen = { node: labelOf(node), reason }
    for (const value of captured(node)) this.#freezeValue(value, frozen)
    for (const output of node.outputs) {
      if (output === null) continue
      const axes = (this.shape(output) ?? []).map((size) => this.algebra.frozen(size, frozen))
      this.#axes.set(output, axes)
    }
  }
}

/** What a node reads, and what the nodes of graphs inside it read from outside. */
function captured(node: Node): Set<Value> {
  const values = new Set<Value>()
  const add = (value: Value | null) => {
    if (value !== null && value.graph === node.graph) values.add(value)
  }
  node.inputs.forEach(add)
  for (const graph of node.subgraphs()) {
    for (const inner of graph.allNodes()) inner.inputs.forEach(add)
    graph.outputs.forEach(add)
  }
  return values
}

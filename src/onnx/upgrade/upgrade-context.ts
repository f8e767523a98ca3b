// What an upgrade of one node may ask of the model around it: free names, constants, types.

import type { Attribute } from '../ir/attribute.ts'
import { intAttribute } from '../ir/attribute.ts'
import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'
import type { Graph } from '../ir/graph.ts'
import type { Model } from '../ir/model.ts'
import { Node } from '../ir/node.ts'
import type { Tensor } from '../ir/tensor.ts'
import { typedTensor } from '../ir/tensor.ts'
import type { Shape } from '../ir/value-type.ts'
import { Value } from '../ir/value.ts'
import { inferTypes } from '../shapes/infer-types.ts'

export class UpgradeContext {
  readonly #model: Model
  readonly #names = new Set<string>()
  readonly #functionBodies: ReadonlySet<Graph>
  #types: ReturnType<typeof inferTypes> | null = null
  /** Resize nodes that were Upsample: their scales are known to be at least 1. */
  readonly enlarging = new WeakSet<Node>()

  constructor(model: Model) {
    this.#model = model
    this.#functionBodies = new Set(model.functions.map(({ body }) => body))
    this.#collectNames(model.graph)
    for (const { body } of model.functions) this.#collectNames(body)
  }

  #collectNames(graph: Graph): void {
    for (const value of graph.inputs) this.#names.add(value.name)
    for (const name of graph.initializers.keys()) this.#names.add(name)
    for (const node of graph.nodes()) {
      for (const value of node.outputs) if (value !== null) this.#names.add(value.name)
      for (const inner of node.subgraphs()) this.#collectNames(inner)
    }
  }

  uniqueName(base: string): string {
    let name = base
    for (let count = 1; this.#names.has(name); count += 1) name = `${base}_${count}`
    this.#names.add(name)
    return name
  }

  /** Types inferred before the current step are forgotten: the graph has changed. */
  forgetTypes(): void {
    this.#types = null
  }

  #tensorType(value: Value | null): { dtype: DataType | 'none'; shape: Shape } {
    const none = { dtype: 'none', shape: null } as const
    if (value === null) return none
    if (value.initializer?.kind === 'tensor') {
      return { dtype: value.initializer.dtype, shape: value.initializer.dims }
    }
    const declared = value.type
    if (declared?.kind === 'tensor' && declared.dtype !== 'none' && declared.shape !== null) {
      return declared
    }
    this.#types ??= inferTypes(this.#model)
    const inferred = this.#types.type(value)
    return inferred?.kind === 'tensor' ? inferred : none
  }

  dtype(value: Value | null): DataType | 'none' {
    return this.#tensorType(value).dtype
  }

  shape(value: Value | null): Shape {
    return this.#tensorType(value).shape
  }

  rank(value: Value | null): number | null {
    return this.shape(value)?.length ?? null
  }

  /** A new node before `reference`; its single output has a free name made from `hint`. */
  insertBefore(
    reference: Node,
    opType: string,
    inputs: readonly (Value | null)[],
    hint: string,
    attributes: readonly Attribute[] = [],
  ): Value {
    const output = new Value(this.uniqueName(hint))
    const node = new Node({ opType, name: output.name, inputs, outputs: [output], attributes })
    reference.graph?.insertBefore(node, reference)
    return output
  }

  /** A constant that `node` can read: an initializer of its graph, a Constant node in a function body. */
  constant(node: Node, tensor: Tensor): Value {
    const graph = node.graph
    if (graph === null) throw new Error(`${node.describe()} is in no graph`)
    if (this.#functionBodies.has(graph)) {
      return this.insertBefore(node, 'Constant', [], tensor.name, [
        { name: 'value', type: 'tensor', value: { ...tensor, name: '' } },
      ])
    }
    return graph.addInitializer({ ...tensor, name: this.uniqueName(tensor.name) })
  }

  int64(node: Node, hint: string, values: readonly (number | bigint)[]): Value {
    const data = BigInt64Array.from(values, BigInt)
    return this.constant(node, typedTensor(`${label(node)}_${hint}`, 'int64', [data.length], data))
  }

  int64Scalar(node: Node, hint: string, value: number | bigint): Value {
    const data = BigInt64Array.of(BigInt(value))
    return this.constant(node, typedTensor(`${label(node)}_${hint}`, 'int64', [], data))
  }

  float32(node: Node, hint: string, values: Float32Array): Value {
    return this.constant(
      node,
      typedTensor(`${label(node)}_${hint}`, 'float32', [values.length], values),
    )
  }

  /** A scalar of the given type: a float32 constant, and a Cast where the type is another one. */
  scalar(node: Node, hint: string, value: number, dtype: DataType): Value {
    const name = `${label(node)}_${hint}`
    const data = Float32Array.of(value)
    const constant = this.constant(node, typedTensor(name, 'float32', [], data))
    if (dtype === 'float32') return constant
    return this.insertBefore(node, 'Cast', [constant], `${name}_cast`, [
      intAttribute('to', DATA_TYPES[dtype].code),
    ])
  }

  /** Takes out an output that nobody reads, with what the file says about its type. */
  dropOutput(node: Node, index: number): void {
    const value = node.output(index)
    if (value === null) return
    node.setOutput(index, null)
    node.trimOutputs()
    const infos = node.graph?.valueInfo ?? []
    const position = infos.indexOf(value)
    if (position >= 0) infos.splice(position, 1)
  }
}

export function isRead(value: Value | null): boolean {
  return value !== null && (value.uses.size > 0 || value.isGraphOutput)
}

function label(node: Node): string {
  return node.output(0)?.name ?? node.name
}

// Names, constants and nodes that stored weights need in a model's main graph.

import type { Attribute } from '#src/onnx/ir/attribute'
import type { DataType } from '#src/onnx/ir/data-type'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { FreshNames } from '../../rewrite/fresh-names.ts'
import type { WeightStore } from './weight-store.ts'

const CONTRIB = 'com.microsoft'

type Bytes = Uint8Array | Int8Array | Float32Array

export class WeightEmitter {
  readonly #model: Model
  readonly #store: WeightStore
  readonly #names: FreshNames

  constructor(model: Model, store: WeightStore) {
    this.#model = model
    this.#store = store
    this.#names = new FreshNames(model)
  }

  constant(wanted: string, dtype: DataType, dims: readonly number[], values: Bytes): Value {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    const storage = { kind: 'raw', range: this.#store.put(bytes) } as const
    const name = this.#names.make(wanted)
    return this.#model.graph.addInitializer({ kind: 'tensor', name, dtype, dims, storage })
  }

  /** A node in front of another; its output. */
  insert(
    before: Node,
    opType: string,
    inputs: readonly (Value | null)[],
    attributes: readonly Attribute[] = [],
  ): Value {
    const node = makeNode(opType, inputs, [this.#names.make(`${opType}_q`)], attributes)
    this.#model.graph.insertBefore(node, before)
    return outputOf(node)
  }

  /** A node of com.microsoft in front of another, under the name of that one. */
  insertContrib(
    before: Node,
    opType: string,
    inputs: readonly (Value | null)[],
    attributes: readonly Attribute[],
  ): Value {
    const { opsetImports } = this.#model
    if (!opsetImports.some(({ domain }) => domain === CONTRIB)) {
      opsetImports.push({ domain: CONTRIB, version: 1 })
    }
    const output = this.#names.make(`${opType}_q`)
    const node = makeNode(opType, inputs, [output], attributes, CONTRIB)
    this.#model.graph.insertBefore(node, before)
    return outputOf(node)
  }

  /** Forgets a weight that no node reads any more. */
  drop(weight: Value): void {
    if (weight.uses.size === 0 && !weight.isGraphOutput) {
      this.#model.graph.removeInitializer(weight)
    }
  }
}

function outputOf(node: Node): Value {
  const output = node.output(0)
  if (output === null) throw new Error(`${node.opType} has one output`)
  return output
}

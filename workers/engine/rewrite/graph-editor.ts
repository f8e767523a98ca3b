// Small changes to a graph: constants of their own for one reader, and nodes behind a value.

import type { Attribute } from '#src/onnx/ir/attribute'
import type { DataType } from '#src/onnx/ir/data-type'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { makeTensor } from '#src/onnx/make-tensor'
import { FreshNames } from './fresh-names.ts'
import { labelOf } from './pass.ts'

export class GraphEditor {
  readonly #model: Model
  readonly #names: FreshNames

  constructor(model: Model) {
    this.#model = model
    this.#names = new FreshNames(model)
  }

  name(wanted: string): string {
    return this.#names.make(wanted)
  }

  integers(wanted: string, values: readonly number[], dtype: DataType = 'int64'): Value {
    const tensor = makeTensor(this.name(wanted), dtype, [values.length], values)
    return this.#model.graph.addInitializer(tensor)
  }

  /** Input `index` of the node becomes a constant list that nothing else reads. */
  giveIntegers(node: Node, index: number, values: readonly number[]): void {
    const old = node.input(index)
    const dtype = old?.constant?.dtype ?? 'int64'
    node.setInput(index, this.integers(old?.name ?? `${labelOf(node)}_list`, values, dtype))
  }

  /** A node in front of `reader`. */
  before(
    reader: Node,
    opType: string,
    inputs: readonly (Value | null)[],
    attributes: readonly Attribute[] = [],
  ): Value {
    const node = makeNode(opType, inputs, [this.name(`${labelOf(reader)}_${opType}`)], attributes)
    reader.graph?.insertBefore(node, reader)
    return outputOf(node)
  }

  /** Readers of the value read what `make` makes of it instead; `make` inserts its nodes behind the given one. */
  replaceReaders(value: Value, make: (value: Value) => Value): void {
    const uses = [...value.uses]
    const replacement = make(value)
    for (const { node, index } of uses) node.setInput(index, replacement)
  }

  after(
    producer: Node,
    opType: string,
    inputs: readonly (Value | null)[],
    attributes: readonly Attribute[] = [],
  ): Value {
    const node = makeNode(opType, inputs, [this.name(`${labelOf(producer)}_${opType}`)], attributes)
    producer.graph?.insertAfter(node, producer)
    return outputOf(node)
  }
}

function outputOf(node: Node): Value {
  const output = node.output(0)
  if (output === null) throw new Error(`${node.describe()} has no output`)
  return output
}

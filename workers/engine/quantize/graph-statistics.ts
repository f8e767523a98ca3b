// Appends reductions per channel to a graph, whatever the rank of a value and the opset of the model.

import { intAttribute, intsAttribute } from '#src/onnx/ir/attribute'
import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import { opsetVersion } from '#src/onnx/ir/model'
import { makeNode } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { FreshNames } from '../rewrite/fresh-names.ts'

/** From which opset on the operator takes its axes as an input. */
const AXES_INPUT = { ReduceMax: 18, ReduceMean: 18 } as const

export class GraphStatistics {
  readonly graph: Graph
  readonly #names: FreshNames
  readonly #opset: number
  readonly #constants = new Map<string, Value>()

  constructor(model: Model) {
    this.graph = model.graph
    this.#names = new FreshNames(model)
    this.#opset = opsetVersion(model)
  }

  /** One number per channel, as [C]. `channels`: the axis they lie along, 1 or the last. */
  perChannel(reduction: keyof typeof AXES_INPUT, value: Value, channels: 1 | -1): Value {
    const planes = this.integers([0n, 0n, -1n])
    const flat = channels === 1 ? this.op('Reshape', [value, planes]) : this.#rows(value)
    const axes = channels === 1 ? [0, 2] : [0]
    const keep = intAttribute('keepdims', 0)
    if (this.#opset >= AXES_INPUT[reduction]) {
      return this.op(reduction, [flat, this.integers(axes.map(BigInt))], [keep])
    }
    return this.op(reduction, [flat], [intsAttribute('axes', axes), keep])
  }

  /** [..., C] as [rows, C]. */
  #rows(value: Value): Value {
    const shape = this.op('Shape', [value])
    const last = this.op('Slice', [
      shape,
      this.integers([-1n]),
      this.integers([BigInt(Number.MAX_SAFE_INTEGER)]),
    ])
    const rows = this.op('Concat', [this.integers([-1n]), last], [intAttribute('axis', 0)])
    return this.op('Reshape', [value, rows])
  }

  /** The mean over an axis, which stays with one index. */
  meanOver(value: Value, axis: number): Value {
    if (this.#opset >= AXES_INPUT.ReduceMean) {
      return this.op('ReduceMean', [value, this.integers([BigInt(axis)])])
    }
    return this.op('ReduceMean', [value], [intsAttribute('axes', [axis])])
  }

  /** The sum over the first axis, which goes. ReduceSum takes its axes as an input since opset 13. */
  sumOfBatch(value: Value): Value {
    return this.op('ReduceSum', [value, this.integers([0n])], [intAttribute('keepdims', 0)])
  }

  transposed(value: Value, axes: readonly number[]): Value {
    return this.op('Transpose', [value], [intsAttribute('perm', axes)])
  }

  /** A vector, this many times in a row. */
  repeated(value: Value, times: number): Value {
    if (times === 1) return value
    return this.op('Concat', new Array<Value>(times).fill(value), [intAttribute('axis', 0)])
  }

  op(
    operator: string,
    inputs: readonly (Value | null)[],
    attributes: Parameters<typeof makeNode>[3] = [],
  ): Value {
    const node = makeNode(operator, inputs, [this.#names.make(`stat_${operator}`)], attributes)
    this.graph.append(node)
    const result = node.output(0)
    if (result === null) throw new Error(`${operator} has one output`)
    return result
  }

  name(wanted: string): string {
    return this.#names.make(wanted)
  }

  number(value: number): Value {
    const data = Float32Array.of(value)
    return this.graph.addInitializer(
      typedTensor(this.#names.make('stat_number'), 'float32', [], data),
    )
  }

  integers(values: readonly bigint[]): Value {
    const key = values.join()
    const present = this.#constants.get(key)
    if (present !== undefined) return present
    const data = BigInt64Array.from(values)
    const made = this.graph.addInitializer(
      typedTensor(this.#names.make('stat_constant'), 'int64', [values.length], data),
    )
    this.#constants.set(key, made)
    return made
  }
}

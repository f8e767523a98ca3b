// Constants and names for quantized graphs. Small constants exist once and names are short: small models are mostly names.

import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { FreshNames } from '../rewrite/fresh-names.ts'
import type { ActivationType } from './activation-type.ts'

const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
} as const satisfies Record<ActivationType, unknown>

export class ConstantStore {
  readonly graph: Graph
  readonly #names: FreshNames
  readonly #shared = new Map<string, Value>()
  #count = 0

  constructor(model: Model) {
    this.graph = model.graph
    this.#names = new FreshNames(model)
  }

  /** A free name: the prefix and a number. */
  name(prefix: string): string {
    this.#count += 1
    return this.#names.make(`${prefix}${this.#count}`)
  }

  float32(values: Float32Array, dims: readonly number[]): Value {
    const key = values.length <= 1 ? `float32[${dims.join()}]=${values.join()}` : null
    return this.#once(key, () => typedTensor(this.name('s'), 'float32', dims, values))
  }

  int8(values: Int8Array, dims: readonly number[]): Value {
    const isZero = values.every((value) => value === 0)
    const key = isZero ? `int8[${dims.join()}]=0` : null
    return this.#once(key, () => typedTensor(this.name('w'), 'int8', dims, values))
  }

  activation(type: ActivationType, values: ArrayLike<number>, dims: readonly number[]): Value {
    const own = ARRAYS[type].from(values)
    const key = own.length <= 1 ? `${type}[${dims.join()}]=${own.join()}` : null
    return this.#once(key, () => typedTensor(this.name('z'), type, dims, own))
  }

  int32(values: Int32Array, dims: readonly number[]): Value {
    return this.#once(null, () => typedTensor(this.name('b'), 'int32', dims, values))
  }

  #once(key: string | null, make: () => ReturnType<typeof typedTensor>): Value {
    const present = key === null ? undefined : this.#shared.get(key)
    if (present !== undefined) return present
    const value = this.graph.addInitializer(make())
    if (key !== null) this.#shared.set(key, value)
    return value
  }
}

// Quantizer parameters of every value: values that a carrier connects share theirs, since it moves integers untouched.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import type { ActivationParameters } from './activation-parameters.ts'
import { activationParameters, unionRange } from './activation-parameters.ts'
import type { ActivationType } from './activation-type.ts'
import type { Range } from './quantize-result.ts'

export class ScaleGroups {
  readonly #parents = new Map<Value, Value>()
  readonly #ranges = new Map<Value, Range>()
  readonly #type: ActivationType

  constructor(type: ActivationType) {
    this.#type = type
  }

  /** The range of a value, joined with what its group has. */
  setRange(value: Value, range: Range): void {
    const root = this.#root(value)
    const present = this.#ranges.get(root)
    this.#ranges.set(root, present === undefined ? range : unionRange(present, range))
  }

  hasRange(value: Value): boolean {
    return this.#ranges.has(this.#root(value))
  }

  /** The first input and the outputs of the carrier share scale and zero point. */
  joinCarrier(carrier: Node): void {
    this.join([carrier.input(0), ...carrier.outputs])
  }

  /** All of these share scale and zero point. */
  join([first = null, ...others]: readonly (Value | null)[]): void {
    for (const value of others) if (first !== null && value !== null) this.#join(first, value)
  }

  rangeOf(value: Value): Range {
    const range = this.#ranges.get(this.#root(value))
    if (range === undefined) throw new Error(`'${value.name}' was not calibrated`)
    return range
  }

  parametersOf(value: Value): ActivationParameters {
    return activationParameters(this.rangeOf(value), this.#type)
  }

  #join(one: Value, other: Value): void {
    const [kept, merged] = [this.#root(one), this.#root(other)]
    if (kept === merged) return
    this.#parents.set(merged, kept)
    const range = this.#ranges.get(merged)
    if (range !== undefined) this.setRange(kept, range)
  }

  #root(value: Value): Value {
    let root = value
    for (let next = this.#parents.get(root); next !== undefined; next = this.#parents.get(root)) {
      root = next
    }
    return root
  }
}

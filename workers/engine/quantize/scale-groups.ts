// Quantizer parameters of every value: values that a carrier connects share theirs, since it moves integers untouched; others share
// theirs where a kernel asks for it, or is faster and their ranges are alike.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import type { ActivationParameters } from './activation-parameters.ts'
import { activationParameters, unionRange } from './activation-parameters.ts'
import type { ActivationType } from './activation-type.ts'
import type { Range } from './quantize-result.ts'

export class ScaleGroups {
  readonly #parents = new Map<Value, Value>()
  readonly #ranges = new Map<Value, Range>()
  /** What the range must stay in, for its ends to cut off what an activation would. */
  readonly #bounds = new Map<Value, Range>()
  /** Width of the narrowest range in a group. */
  readonly #narrowest = new Map<Value, number>()
  readonly #type: ActivationType

  constructor(type: ActivationType) {
    this.#type = type
  }

  /** The range of a value, joined with what its group has. */
  setRange(value: Value, range: Range): void {
    const root = this.#root(value)
    const present = this.#ranges.get(root)
    this.#ranges.set(root, present === undefined ? range : unionRange(present, range))
    this.#narrow(root, widthOf(range))
  }

  setBounds(value: Value, bounds: Range): void {
    const root = this.#root(value)
    this.#bounds.set(root, intersection(this.#bounds.get(root) ?? UNBOUNDED, bounds))
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

  /** Joins them where no range grows by more than this, and each keeps what it must. */
  joinAlike(one: Value, other: Value, mostGrowth: number): void {
    const roots = [this.#root(one), this.#root(other)]
    const ranges = roots.flatMap((root) => this.#ranges.get(root) ?? [])
    const [first, second] = ranges
    if (roots[0] === roots[1] || first === undefined || second === undefined) return
    const union = unionRange(first, second)
    const narrowest = Math.min(...roots.map((root) => this.#narrowest.get(root) ?? Infinity))
    const isKept = roots.every((root) => {
      const { low, high } = this.#bounds.get(root) ?? UNBOUNDED
      return union.low >= low && union.high <= high
    })
    if (isKept && widthOf(union) <= mostGrowth * narrowest) this.#join(one, other)
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
    const bounds = this.#bounds.get(merged)
    if (bounds !== undefined) this.setBounds(kept, bounds)
    this.#narrow(kept, this.#narrowest.get(merged) ?? Infinity)
  }

  #narrow(root: Value, width: number): void {
    this.#narrowest.set(root, Math.min(width, this.#narrowest.get(root) ?? Infinity))
  }

  #root(value: Value): Value {
    let root = value
    for (let next = this.#parents.get(root); next !== undefined; next = this.#parents.get(root)) {
      root = next
    }
    return root
  }
}

const UNBOUNDED: Range = { low: -Infinity, high: Infinity }

function widthOf({ low, high }: Range): number {
  return Math.max(high, 0) - Math.min(low, 0)
}

function intersection(one: Range, other: Range): Range {
  return { low: Math.max(one.low, other.low), high: Math.min(one.high, other.high) }
}

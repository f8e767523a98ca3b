// What is left of multiply-accumulates and parameters once atoms are removed, told from the labels without rewriting anything.

import type { Tensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { TensorType, ValueType } from '#src/onnx/ir/value-type'
import { weightTensors } from '#src/onnx/weight-tensors'
import type { Facts } from '../ops/op.ts'
import { opRule } from '../ops/registry.ts'
import { labelOf } from '../rewrite/pass.ts'
import { KeptIndices } from './kept-indices.ts'
import type { AxisTrace } from './trace-axes.ts'

/** Types with the sizes that are kept. */
class KeptFacts implements Facts {
  readonly #trace: AxisTrace
  readonly #kept: KeptIndices

  constructor(trace: AxisTrace, kept: KeptIndices) {
    this.#trace = trace
    this.#kept = kept
  }

  type(value: Value): ValueType | null {
    const shape = this.#trace.axesOf(value).map((labels) => this.#kept.count(labels))
    const type = this.#trace.shapes.types.type(value)
    const known = this.#trace.shape(value) !== null
    const tensor: TensorType = { kind: 'tensor', dtype: 'none', shape: known ? shape : null }
    return type?.kind === 'tensor' ? { ...tensor, dtype: type.dtype } : tensor
  }

  constant(value: Value): Tensor | null {
    return this.#trace.constant(value)
  }
}

export class RemainingCost {
  readonly #trace: AxisTrace
  readonly #weights: readonly Value[]

  constructor(trace: AxisTrace) {
    this.#trace = trace
    this.#weights = [...weightTensors(trace.model)].map(({ value }) => value)
  }

  #kept(removed: ReadonlySet<number>): KeptIndices {
    return new KeptIndices(this.#trace.algebra, removed)
  }

  /** At the observed sizes; nodes that cannot be counted are left out. */
  macs(removed: ReadonlySet<number>): number {
    const facts = new KeptFacts(this.#trace, this.#kept(removed))
    let total = 0
    for (const node of this.#trace.model.graph.nodes()) {
      const rule = opRule(node)
      if (rule === 'unknown' || rule.macs === 'none') continue
      total += rule.macs(node, facts) ?? 0
    }
    return total
  }

  /** Of the layers timed, as if each took as much less time as it has fewer multiply-accumulates. */
  time(removed: ReadonlySet<number>, milliseconds: ReadonlyMap<string, number>): number {
    const [before, after] = [new Set<number>(), removed].map((gone) => {
      return new KeptFacts(this.#trace, this.#kept(gone))
    })
    let total = 0
    for (const node of this.#trace.model.graph.nodes()) {
      const rule = opRule(node)
      const time = milliseconds.get(labelOf(node))
      if (time === undefined || rule === 'unknown' || rule.macs === 'none') continue
      const whole = before === undefined ? null : rule.macs(node, before)
      const left = after === undefined ? null : rule.macs(node, after)
      if (whole !== null && left !== null && whole > 0) total += (time * left) / whole
    }
    return total
  }

  parameters(removed: ReadonlySet<number>): number {
    const kept = this.#kept(removed)
    return this.#weights.reduce((total, value) => {
      const axes = this.#trace.axesOf(value)
      return total + axes.reduce((size, labels) => size * kept.count(labels), 1)
    }, 0)
  }
}

// Step sizes of quantizers that are learnt beside the weights: their gradients are scaled, each by factors of its own.

import type { Model } from '#src/onnx/ir/model'
import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from '../ops/gradient-builder.ts'

export class StepSizes {
  readonly values: readonly Value[]
  readonly #factors: ReadonlyMap<string, Float32Array>

  /** `factors`: by initializer, as many as it has elements. */
  constructor({ graph }: Model, factors: ReadonlyMap<string, Float32Array>) {
    this.#factors = factors
    this.values = [...factors.keys()].map((name) => {
      const value = graph.initializers.get(name)
      if (value === undefined) throw new Error(`the model has no initializer '${name}'`)
      return value
    })
  }

  /** Those of step sizes among the gradients, scaled. */
  takeFrom(gradients: ReadonlyMap<Value, Value>, g: GradientBuilder): Map<Value, Value> {
    const own = this.values.flatMap((value) => {
      const gradient = gradients.get(value)
      return gradient === undefined ? [] : [[value, this.#scaled(value, gradient, g)] as const]
    })
    return new Map(own)
  }

  #scaled(value: Value, gradient: Value, g: GradientBuilder): Value {
    const dims = (g.shape(value) ?? []) as readonly number[]
    const factors = this.#factors.get(value.name) ?? []
    return g.mul(gradient, g.tensor(dims, [...factors], value))
  }
}

// The tensors that go through the steps: weights, running statistics, what the optimizer keeps, and means over the steps.

import type { Model } from '#src/onnx/ir/model'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { RuntimeTensor } from '../runtime/runtime.ts'
import type { Checkpoint, Tensors } from './checkpoint.ts'
import type { StateTensor } from './step-state.ts'

/** After t steps the mean keeps no more than (1 + t) ÷ (10 + t): the first weights are soon forgotten. */
const FIRST_STEPS = 10

export class Weights {
  readonly #tensors: readonly StateTensor[]
  readonly #averaging: number | null
  readonly #state: Map<string, Float32Array>
  readonly #average: Map<string, Float32Array>
  #best: Tensors

  constructor(tensors: readonly StateTensor[], averaging: number | null, from: Checkpoint | null) {
    this.#tensors = tensors
    this.#averaging = averaging
    this.#state = new Map(
      tensors.map(({ input, initial }) => [input, from?.state.get(input) ?? initial]),
    )
    const averaged = averaging === null ? [] : tensors.filter(({ role }) => role === 'weight')
    this.#average = new Map(
      averaged.map(({ input, initial }) => [input, (from?.average.get(input) ?? initial).slice()]),
    )
    this.#best = from?.best ?? new Map()
  }

  /** Weights, statistics, adapters of hints. */
  get names(): ReadonlySet<string> {
    return new Set(this.#tensors.filter(({ role }) => role !== 'slot').map(({ input }) => input))
  }

  get state(): Tensors {
    return new Map(this.#state)
  }

  get average(): Tensors {
    return new Map([...this.#average].map(([name, elements]) => [name, elements.slice()]))
  }

  get best(): Tensors {
    return this.#best
  }

  feeds(): Record<string, RuntimeTensor> {
    return tensorsOf(this.#tensors, this.#state)
  }

  /** Takes over what a step has made. The arrays of the steps before are left as they are. */
  advance(results: Readonly<Record<string, RuntimeTensor>>, step: number): void {
    for (const { input, output } of this.#tensors) {
      const next = results[output]?.data
      if (!(next instanceof Float32Array)) throw new Error(`the step gives no '${output}'`)
      this.#state.set(input, next)
    }
    if (this.#averaging === null) return
    const kept = Math.min(this.#averaging, (1 + step) / (FIRST_STEPS + step))
    for (const [name, mean] of this.#average) {
      const weights = this.#state.get(name) ?? mean
      for (let index = 0; index < mean.length; index += 1) {
        mean[index] = kept * (mean[index] ?? 0) + (1 - kept) * (weights[index] ?? 0)
      }
    }
  }

  /** Weights and statistics as they would be handed back now, as inputs of a graph. */
  result(): Record<string, RuntimeTensor> {
    const kept = this.#tensors.filter(({ role }) => role !== 'slot')
    return tensorsOf(kept, new Map([...this.#state, ...this.#average]))
  }

  keepBest(): void {
    const now = Object.entries(this.result())
    this.#best = new Map(now.map(([name, { data }]) => [name, (data as Float32Array).slice()]))
  }

  /** The best weights where there were any, else the mean, else the last. */
  writeTo({ graph }: Model): void {
    const adapters = this.#tensors.filter(({ role }) => role === 'adapter')
    const beside = new Set(adapters.map(({ input }) => input))
    for (const [name, { dims, data }] of Object.entries(this.result())) {
      if (beside.has(name)) continue
      const value = graph.initializers.get(name)
      if (value === undefined) throw new Error(`the model has no initializer '${name}'`)
      const elements = this.#best.get(name) ?? (data as Float32Array)
      graph.setInitializer(value, typedTensor(name, 'float32', dims, elements))
    }
  }
}

function tensorsOf(
  tensors: readonly StateTensor[],
  elements: Tensors,
): Record<string, RuntimeTensor> {
  return Object.fromEntries(
    tensors.map(({ input, dims, initial }) => [
      input,
      { dtype: 'float32' as const, dims, data: elements.get(input) ?? initial },
    ]),
  )
}

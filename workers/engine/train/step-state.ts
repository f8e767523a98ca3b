// What goes through the steps: weights, running statistics and what the optimizer keeps, as inputs of a graph and as its outputs.

import type { Model } from '#src/onnx/ir/model'
import { Value } from '#src/onnx/ir/value'
import { tensorType } from '#src/onnx/ir/value-type'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { GradientBuilder } from '../ops/gradient-builder.ts'
import type { RunningStatistic } from './batch-norm-training.ts'
import { nextStatistic } from './batch-norm-training.ts'
import { clipGradients } from './clip-gradients.ts'
import { ruleOf } from './optimizers/optimizer.ts'
import type { LearntWeight, StepOptions } from './step-gradients.ts'

/** A tensor that goes through the steps. */
export interface StateTensor {
  readonly input: string
  /** What it is after the step. */
  readonly output: string
  readonly dims: readonly number[]
  /** `weight` and `statistic` are initializers of the model; `adapter` is the loss's, `slot` the optimizer's. */
  readonly role: 'weight' | 'statistic' | 'adapter' | 'slot'
  readonly initial: Float32Array
}

export class StepState {
  readonly tensors: StateTensor[] = []
  readonly outputs: Value[] = []
  readonly scalars = new Map<string, Value>()
  readonly #model: Model
  readonly #g: GradientBuilder
  readonly #prefix: string
  readonly #options: StepOptions
  readonly #elements: ReadonlyMap<string, Float32Array>

  /** `elements`: what the tensors have at first, by name. */
  constructor(
    model: Model,
    g: GradientBuilder,
    prefix: string,
    options: StepOptions,
    elements: ReadonlyMap<string, Float32Array>,
  ) {
    this.#model = model
    this.#g = g
    this.#prefix = prefix
    this.#options = options
    this.#elements = elements
  }

  /** Moves all weights on by their gradients, and the statistics by those of the batch. */
  advance(learnt: ReadonlyMap<Value, LearntWeight>, statistics: readonly RunningStatistic[]): void {
    const { clipNorm } = this.#options
    const bounded = [...learnt].filter(([, { isStepSize }]) => !isStepSize)
    const plain = new Map(bounded.map(([weight, { gradient }]) => [weight, gradient]))
    const clipped = clipNorm === null ? plain : clipGradients(this.#g, plain, clipNorm)
    for (const [weight, own] of learnt) this.#update(weight, clipped.get(weight), own)
    for (const statistic of statistics) this.#run(statistic)
  }

  #update(weight: Value, clipped: Value | undefined, own: LearntWeight): void {
    const { optimizer, keepZeros } = this.#options
    const rule = ruleOf(optimizer)
    const dims = dimsOf(weight)
    const names = rule.slots(optimizer)
    const slots = names.map((slot) => this.#input(`${slot}/${weight.name}`, dims))
    const next = rule.update(this.#g, optimizer, {
      weight,
      gradient: clipped ?? own.gradient,
      slots,
      decay: own.decays ? optimizer.weightDecay : 0,
      scalar: (name) => this.#scalar(name),
    })
    const initial = this.#elements.get(weight.name) ?? new Float32Array(0)
    const mask = keepZeros && own.role === 'weight' ? maskOf(dims, initial) : null
    const kept =
      mask === null ? next.weight : this.#g.mul(next.weight, this.#constant(weight, mask))
    this.#keep(weight, kept, own.role, initial)
    slots.forEach((slot, index) => {
      const value = next.slots[index]
      if (value !== undefined) this.#keep(slot, value, 'slot', new Float32Array(initial.length))
    })
  }

  #run(statistic: RunningStatistic): void {
    const { value } = statistic
    const initial = this.#elements.get(value.name) ?? new Float32Array(0)
    this.#keep(value, nextStatistic(this.#g, statistic), 'statistic', initial)
  }

  #keep(input: Value, next: Value, role: StateTensor['role'], initial: Float32Array): void {
    next.type = tensorType('float32', dimsOf(input))
    this.outputs.push(next)
    this.tensors.push({ input: input.name, output: next.name, dims: dimsOf(input), role, initial })
  }

  #constant(weight: Value, elements: Float32Array): Value {
    const name = `${this.#prefix}mask/${weight.name}`
    return this.#model.graph.addInitializer(typedTensor(name, 'float32', dimsOf(weight), elements))
  }

  #scalar(name: string): Value {
    const known = this.scalars.get(name)
    if (known !== undefined) return known
    const value = this.#input(`scalar/${name}`, [])
    this.scalars.set(name, value)
    return value
  }

  #input(name: string, dims: readonly number[]): Value {
    return graphInput(this.#model, `${this.#prefix}${name}`, dims)
  }
}

/** A new one, of float32. */
export function graphInput({ graph }: Model, name: string, dims: readonly number[]): Value {
  const value = new Value(name, tensorType('float32', dims))
  value.graph = graph
  graph.inputs.push(value)
  return value
}

export function dimsOf({ type }: Value): readonly number[] {
  return type?.kind === 'tensor' ? ((type.shape ?? []) as readonly number[]) : []
}

/** 1 where a pruned weight is left, `null` for what is not pruned: vectors, and weights with no zero or nothing else. */
function maskOf(dims: readonly number[], elements: Float32Array): Float32Array | null {
  if (dims.length < 2) return null
  const mask = elements.map((element) => (element === 0 ? 0 : 1))
  const kept = mask.filter((bit) => bit === 1).length
  return kept === 0 || kept === mask.length ? null : mask
}

// One training step as a model: batch, weights and what the optimizer keeps in; loss and all of it as it is next, out.

import type { Model } from '#src/onnx/ir/model'
import { Value } from '#src/onnx/ir/value'
import { tensorType } from '#src/onnx/ir/value-type'
import { typedTensor } from '#src/onnx/ir/tensor'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { differentiate } from '../autodiff/differentiate.ts'
import { GradientBuilder } from '../ops/gradient-builder.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import type { RunningStatistic } from './batch-norm-training.ts'
import { nextStatistic, trainBatchNorm } from './batch-norm-training.ts'
import { clipGradients } from './clip-gradients.ts'
import { decays } from './decays.ts'
import { appendLoss } from './losses/append-loss.ts'
import type { LossTerm } from './losses/loss-term.ts'
import { ruleOf } from './optimizers/optimizer.ts'
import { freePrefix } from './free-prefix.ts'
import { StepSizes } from './step-size-gradients.ts'
import type { TrainOptions } from './train-options.ts'
import { exposeAsInputs, trainableWeights } from './trainable-weights.ts'

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

export interface StepGraph {
  readonly model: Model
  readonly loss: string
  readonly state: readonly StateTensor[]
  /** Inputs of the scalars that `scalarsOf` gives, by name. */
  readonly scalars: ReadonlyMap<string, string>
  /** Weights on which the loss does not depend. */
  readonly untrained: readonly string[]
}

type Options = Pick<
  TrainOptions,
  'optimizer' | 'clipNorm' | 'batchNorm' | 'frozenLayers' | 'keepZeros' | 'stepSizes'
>

/**
 * Changes `model`, a copy that `prepareTraining` made, into its training step.
 * @throws GradientRefusal naming the node that has no gradient
 */
export function buildStepGraph(
  model: Model,
  terms: readonly LossTerm[],
  options: Options,
): StepGraph {
  const prefix = freePrefix(model)
  const stepSizes = new StepSizes(model, options.stepSizes ?? new Map())
  const plain = trainableWeights(model, options.frozenLayers)
  const weights = [...plain, ...stepSizes.values]
  const statistics =
    options.batchNorm === 'train' ? trainBatchNorm(model, options.frozenLayers, prefix) : []
  const loss = appendLoss(model, terms, `${prefix}loss/`)
  const adapters = adaptersOf(model, terms)
  const running = statistics.map(({ value }) => value)
  const decaying = new Set([...weights, ...adapters].filter(decays))
  const elements = exposeAsInputs(model, [...weights, ...adapters, ...running])
  const facts = inferTypes(model)
  const learnt = [...weights, ...adapters]
  const found = differentiate(model, loss, learnt, { prefix: `${prefix}gradient/`, facts })
  const g = new GradientBuilder(model.graph, facts, `${prefix}step/`)
  const own = stepSizes.takeFrom(found, g)
  const rest = new Map([...found].filter(([value]) => !own.has(value)))
  const clipped = options.clipNorm === null ? rest : clipGradients(g, rest, options.clipNorm)
  const gradients = new Map([...clipped, ...own])
  const step = new Step(model, g, prefix, options, elements)
  for (const [weight, gradient] of gradients) {
    const role = adapters.includes(weight) ? 'adapter' : 'weight'
    step.update(weight, gradient, role, decaying.has(weight))
  }
  for (const statistic of statistics) step.run(statistic)
  return {
    model: step.finish(
      loss,
      learnt.filter((weight) => !gradients.has(weight)),
    ),
    loss: loss.name,
    state: step.state,
    scalars: new Map([...step.scalars].map(([name, value]) => [name, value.name])),
    untrained: weights.filter((weight) => !gradients.has(weight)).map(({ name }) => name),
  }
}

class Step {
  readonly state: StateTensor[] = []
  readonly scalars = new Map<string, Value>()
  readonly #model: Model
  readonly #g: GradientBuilder
  readonly #prefix: string
  readonly #options: Options
  readonly #elements: ReadonlyMap<string, Float32Array>
  readonly #outputs: Value[] = []

  constructor(
    model: Model,
    g: GradientBuilder,
    prefix: string,
    options: Options,
    elements: ReadonlyMap<string, Float32Array>,
  ) {
    this.#model = model
    this.#g = g
    this.#prefix = prefix
    this.#options = options
    this.#elements = elements
  }

  update(weight: Value, gradient: Value, role: 'weight' | 'adapter', isDecaying: boolean): void {
    const { optimizer, keepZeros, stepSizes } = this.#options
    const rule = ruleOf(optimizer)
    const dims = dimsOf(weight)
    const names = rule.slots(optimizer)
    const slots = names.map((slot) => this.#input(`${slot}/${weight.name}`, dims))
    const next = rule.update(this.#g, optimizer, {
      weight,
      gradient,
      slots,
      decay: isDecaying && !stepSizes?.has(weight.name) ? optimizer.weightDecay : 0,
      scalar: (name) => this.#scalar(name),
    })
    const initial = this.#elements.get(weight.name) ?? new Float32Array(0)
    const mask = keepZeros && role === 'weight' ? maskOf(dims, initial) : null
    const kept =
      mask === null ? next.weight : this.#g.mul(next.weight, this.#constant(weight, mask))
    this.#keep(weight, kept, role, initial)
    slots.forEach((slot, index) => {
      const value = next.slots[index]
      if (value !== undefined) this.#keep(slot, value, 'slot', new Float32Array(initial.length))
    })
  }

  run(statistic: RunningStatistic): void {
    const { value } = statistic
    const initial = this.#elements.get(value.name) ?? new Float32Array(0)
    this.#keep(value, nextStatistic(this.#g, statistic), 'statistic', initial)
  }

  #keep(input: Value, next: Value, role: StateTensor['role'], initial: Float32Array): void {
    next.type = tensorType('float32', dimsOf(input))
    this.#outputs.push(next)
    this.state.push({ input: input.name, output: next.name, dims: dimsOf(input), role, initial })
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
    const { graph } = this.#model
    const value = new Value(`${this.#prefix}${name}`, tensorType('float32', dims))
    value.graph = graph
    graph.inputs.push(value)
    return value
  }

  /** `fixed`: exposed weights that do not change, constants again. */
  finish(loss: Value, fixed: readonly Value[]): Model {
    const { graph } = this.#model
    loss.type = tensorType('float32', [])
    graph.outputs.length = 0
    graph.outputs.push(loss, ...this.#outputs)
    for (const value of fixed) {
      graph.inputs.splice(graph.inputs.indexOf(value), 1)
      const elements = this.#elements.get(value.name) ?? new Float32Array(0)
      graph.setInitializer(value, typedTensor(value.name, 'float32', dimsOf(value), elements))
    }
    sweepDeadCode(this.#model)
    return this.#model
  }
}

/** Once the loss is there. */
function adaptersOf({ graph }: Model, terms: readonly LossTerm[]): Value[] {
  return terms.flatMap((term) => {
    if (term.kind !== 'hint' || term.adapter === 'none') return []
    return graph.initializers.get(term.adapter.name) ?? []
  })
}

function dimsOf({ type }: Value): readonly number[] {
  return type?.kind === 'tensor' ? ((type.shape ?? []) as readonly number[]) : []
}

/** 1 where a pruned weight is left, `null` for what is not pruned: vectors, and weights with no zero or nothing else. */
function maskOf(dims: readonly number[], elements: Float32Array): Float32Array | null {
  if (dims.length < 2) return null
  const mask = elements.map((element) => (element === 0 ? 0 : 1))
  const kept = mask.filter((bit) => bit === 1).length
  return kept === 0 || kept === mask.length ? null : mask
}

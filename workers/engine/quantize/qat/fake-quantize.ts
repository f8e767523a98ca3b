// A quantized model in arithmetic: weights are floats again, quantizers compute with step sizes that can be learnt. It gives what the
// quantized model gives, and has gradients.

import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { elementCount } from '#src/onnx/ir/value-type'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { labelOf } from '../../rewrite/pass.ts'
import { sortNodes } from '../../rewrite/sort-nodes.ts'
import { sweepDeadCode } from '../../rewrite/remove-dead-code.ts'
import { ConstantStore } from '../constant-store.ts'
import type { ActivationQuantizer, Quantizers, WeightQuantizer } from './find-quantizers.ts'
import { carriedFrom, scaleOf } from './find-quantizers.ts'
import type { StepSize } from './step-sizes.ts'
import { appendStepSize, gradientFactors } from './step-sizes.ts'
import { append, roundedQuotient } from './straight-through.ts'

/** Of a weight, what training starts from. */
export interface WeightPlan extends WeightQuantizer {
  /** The largest integer. */
  readonly limit: number
  /** Steps, one per channel or one. */
  readonly start: Float32Array
  /** The initializer that will hold what is learnt of the steps. */
  readonly factor: string
  /** Neither it nor its steps are learnt. */
  readonly isFrozen: boolean
}

export interface ActivationPlan extends ActivationQuantizer {
  readonly factor: string
}

export interface FakeQuantization {
  /** What gradients of learnt steps are multiplied by, by initializer. */
  readonly gradientFactors: ReadonlyMap<string, Float32Array>
  /** Names of nodes that read constants which are not learnt as weights are. */
  readonly nodes: readonly string[]
}

/** A uint8 has 255 steps. */
const ACTIVATION_LEVELS = 255

interface Plans extends Pick<Quantizers, 'biases'> {
  readonly weights: readonly WeightPlan[]
  readonly activations: readonly ActivationPlan[]
}

/** Changes `model`, on whose nodes the plans are, in place. `facts`: of the float model. */
export function fakeQuantize(model: Model, float: Model, plans: Plans, facts: TypeInference) {
  // First of all, so that no name made up later is one of theirs.
  for (const { name } of [...plans.weights, ...plans.biases]) restoreWeight(model, float, name)
  return new FakeQuantizer(model, float, facts).run(plans)
}

/** Gives the model an initializer of the float model, unless it has kept it. */
function restoreWeight({ graph }: Model, float: Model, name: string): void {
  const tensor = float.graph.initializers.get(name)?.constant
  if (!tensor) throw new Error(`the float model has no initializer '${name}'`)
  if (!graph.initializers.has(name)) graph.addInitializer(tensor)
}

class FakeQuantizer {
  readonly #model: Model
  readonly #graph: Graph
  readonly #float: Model
  readonly #facts: TypeInference
  readonly #store: ConstantStore
  readonly #factors = new Map<string, Float32Array>()
  readonly #nodes: string[] = []

  constructor(model: Model, float: Model, facts: TypeInference) {
    this.#model = model
    this.#graph = model.graph
    this.#float = float
    this.#facts = facts
    this.#store = new ConstantStore(model)
  }

  run({ weights, activations, biases }: Plans): FakeQuantization {
    for (const { name, reader, index } of biases) reader.setInput(index, this.#weightNamed(name))
    for (const weight of weights) this.#weight(weight)
    for (const activation of activations) this.#activation(activation)
    sortNodes(this.#model)
    sweepDeadCode(this.#model)
    return { gradientFactors: this.#factors, nodes: this.#nodes }
  }

  #weight(plan: WeightPlan): void {
    const { name, layout, limit, start, factor, restorers } = plan
    const dims = layout.dims.map((dim, axis) => (axis === layout.axis ? dim : 1))
    const step = this.#step(factor, start.length === 1 ? [] : dims, start)
    const elements = layout.dims.reduce((product, dim) => product * dim, 1) / start.length
    if (!plan.isFrozen) this.#factors.set(factor, gradientFactors(start, elements, limit))
    const value = this.#weightNamed(name)
    const bounds = { low: -limit, high: limit }
    const levels = roundedQuotient(this.#store, value, step.value, bounds)
    const quantized = append(this.#store, 'Mul', [levels, step.value])
    if (plan.isFrozen) this.#nodes.push(...value.consumers().map(labelOf))
    for (const restorer of restorers) this.#replace(restorer, quantized)
  }

  #weightNamed(name: string): Value {
    const value = this.#graph.initializers.get(name)
    if (value === undefined) throw new Error(`the model has no initializer '${name}'`)
    return value
  }

  #activation(plan: ActivationPlan): void {
    const start = Float32Array.of(plan.scale)
    const step = this.#step(plan.factor, [], start)
    if (!plan.isFixed) {
      const elements = this.#elementsPerSample(plan.name)
      this.#factors.set(plan.factor, gradientFactors(start, elements, ACTIVATION_LEVELS))
    }
    const bounds = { low: -plan.zeroPoint, high: ACTIVATION_LEVELS - plan.zeroPoint }
    for (const quantizer of plan.quantizers) {
      const value = quantizer.input(0)
      if (value === null) continue
      // What a carrier moved lies on the grid already.
      const levels =
        carriedFrom(quantizer) === null
          ? roundedQuotient(this.#store, value, step.value, bounds)
          : null
      const plain = levels === null ? value : append(this.#store, 'Mul', [levels, step.value])
      for (const restorer of quantizer.output(0)?.consumers() ?? []) {
        const ratio = scaleOf(restorer) / plan.scale
        this.#replace(restorer, Math.abs(ratio - 1) < 1e-6 ? plain : this.#scaled(plain, ratio))
      }
    }
  }

  #scaled(value: Value, ratio: number): Value {
    return append(this.#store, 'Mul', [value, this.#store.float32(Float32Array.of(ratio), [])])
  }

  #replace(restorer: Node, value: Value): void {
    const before = restorer.output(0)
    if (before !== null) this.#graph.replaceUses(before, value)
  }

  #step(factor: string, dims: readonly number[], start: Float32Array): StepSize {
    const step = appendStepSize(this.#store, factor, dims, start)
    this.#nodes.push(...step.nodes)
    return step
  }

  /** 1 where sizes are not known. */
  #elementsPerSample(name: string): number {
    const { graph } = this.#float
    const made = [...graph.nodes()].flatMap((node) => node.outputs)
    const value = [...graph.inputs, ...made].find((item) => item?.name === name)
    const type = value ? this.#facts.type(value) : null
    if (type?.kind !== 'tensor' || type.shape === null) return 1
    return elementCount(type.shape.slice(1)) ?? 1
  }
}

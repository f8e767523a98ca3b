// Quantization-aware training: of a quantized model, the same in arithmetic to be trained, and back.

import type { Model } from '#src/onnx/ir/model'
import { opsetVersion } from '#src/onnx/ir/model'
import { floatValues } from '#src/onnx/tensor-values'
import { upgradeOpset } from '#src/onnx/upgrade/upgrade-opset'
import { copyModel } from '../../rewrite/copy-model.ts'
import { FreshNames } from '../../rewrite/fresh-names.ts'
import type { Declined } from '../../rewrite/pass.ts'
import { findSites } from '../quantization-sites.ts'
import type { ActivationPlan, WeightPlan } from './fake-quantize.ts'
import { fakeQuantize } from './fake-quantize.ts'
import { findQuantizers } from './find-quantizers.ts'
import type { WeightBits } from './weight-levels.ts'
import { LEVELS, bitsOf, narrowLayers, startScales } from './weight-levels.ts'
import { writeLearnt } from './write-learnt.ts'

export interface QatOptions {
  readonly weightBits: WeightBits
  /** Steps of weights and activations are learnt; else they stay as calibration found them. */
  readonly learnSteps: boolean
  /** Names of nodes whose weights stay as they are. */
  readonly frozenLayers?: readonly string[]
}

export interface QuantizationAware {
  /** To be trained in place. */
  readonly student: Model
  /** Step sizes among its initializers, and what their gradients are multiplied by. */
  readonly stepSizes: ReadonlyMap<string, Float32Array>
  /** Nodes that read constants which training must not take for weights. */
  readonly frozen: readonly string[]
  /** The quantized model with the weights and steps that the student has now; a new copy each time. */
  readonly quantized: () => Model
  readonly details: Readonly<Record<string, unknown>>
  readonly declined: readonly Declined[]
}

/** Opset in which 4-bit integers can be stored. */
const INT4_OPSET = 21

/** A copy that can hold weights of so many bits, and why it cannot where that fails. */
function copyFor(bits: WeightBits, quantized: Model): { base: Model; tooOld: string | null } {
  const base = copyModel(quantized)
  if (bits === 8) return { base, tooOld: null }
  const { to, refusals } = upgradeOpset(base, INT4_OPSET)
  if (opsetVersion(base) >= INT4_OPSET) return { base, tooOld: null }
  const [first] = refusals
  const why = first === undefined ? '' : `: ${first.opType} '${first.node}': ${first.reason}`
  return {
    base,
    tooOld: `weights of 4 bits need opset ${INT4_OPSET}, and the model could only be raised to ${to}${why}`,
  }
}

/** `quantized`: what static quantization made of `float`. Both stay as they are. */
export function quantizationAware(
  float: Model,
  quantized: Model,
  { weightBits, learnSteps, frozenLayers = [] }: QatOptions,
): QuantizationAware {
  const { base, tooOld } = copyFor(weightBits, quantized)
  const sites = findSites(float, new Set())
  const narrow =
    weightBits === 8 || tooOld !== null ? new Set<string>() : narrowLayers(float, sites)
  const planned = (model: Model) => {
    const names = new FreshNames(float)
    const found = findQuantizers(model, float, sites)
    const weights = found.weights.map((weight): WeightPlan => {
      const bits = bitsOf(weight, narrow)
      const factor = names.make(`${weight.name}_step`)
      const start = startScales(weight, bits, float)
      const isFrozen = weight.readers.some((reader) => frozenLayers.includes(reader))
      return { ...weight, limit: LEVELS[bits], start, factor, isFrozen }
    })
    const activations = found.activations.map((activation): ActivationPlan => {
      return { ...activation, factor: names.make(`${activation.name}_step`) }
    })
    return { weights, activations, biases: found.biases }
  }
  const student = copyModel(base)
  const plans = planned(student)
  const made = fakeQuantize(student, float, plans, sites.facts)
  const learnt = (name: string): Float32Array => {
    const tensor = student.graph.initializers.get(name)?.constant
    if (!tensor) throw new Error(`the student has no initializer '${name}'`)
    return floatValues(tensor)
  }
  return {
    student,
    stepSizes: learnSteps ? made.gradientFactors : new Map(),
    frozen: made.nodes,
    quantized: () => {
      const model = copyModel(base)
      copyFloats(student, model, float)
      writeLearnt(model, planned(model), learnt)
      return model
    },
    details: {
      quantized_weights: plans.weights.length,
      weights_of_4_bits: plans.weights.filter(({ limit }) => limit === LEVELS[4]).length,
      quantized_activations: plans.activations.length,
      learnt_step_sizes: learnSteps ? made.gradientFactors.size : 0,
    },
    declined: tooOld === null ? [] : [{ rule: 'qat', node: null, reason: tooOld }],
  }
}

/** Weights that stayed in float are learnt as well. */
function copyFloats(student: Model, { graph }: Model, float: Model): void {
  for (const [name, value] of graph.initializers) {
    const learnt = student.graph.initializers.get(name)?.constant ?? null
    if (learnt?.dtype !== 'float32' || !float.graph.initializers.has(name)) continue
    graph.setInitializer(value, learnt)
  }
}

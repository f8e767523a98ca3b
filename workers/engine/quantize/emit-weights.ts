// Weights and biases of integer nodes as DequantizeLinear of int8 and int32 constants.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { float32Constant } from '../rewrite/constants.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { ConstantStore } from './constant-store.ts'
import type { IntegerSite } from './quantization-sites.ts'
import type { WeightLayout } from './quantize-weight.ts'
import { finiteWeights, quantizeWeight, weightScales } from './quantize-weight.ts'
import type { GramMatrix } from './round-by-gram.ts'
import { roundByGram } from './round-by-gram.ts'
import type { QuantizationTarget } from './targets/target.ts'

/** Biases keep a bit of int32 free for the accumulator that they are added to. */
const BIAS_LIMIT = 2 ** 30

export interface WeightSettings {
  readonly perChannel: boolean
  /** The largest integer a weight takes. */
  readonly limit: number
  /** Of layers whose weights are rounded for the least error of their output, by label. */
  readonly grams: ReadonlyMap<string, GramMatrix>
  readonly target: Pick<QuantizationTarget, 'perTensor'>
}

export class WeightEmitter {
  readonly #store: ConstantStore
  readonly #settings: WeightSettings
  /** Quantized constants by what determines them: a weight that several nodes share is stored once. */
  readonly #emitted = new Map<string, Value>()
  readonly #identities = new Map<Value, number>()

  constructor(store: ConstantStore, settings: WeightSettings) {
    this.#store = store
    this.#settings = settings
  }

  /**
   * Makes the node read its weight, and its bias, through DequantizeLinear. `inputScale`: of its activation.
   * @throws OnnxError invalid_weights when they are not finite
   */
  emit(node: Node, site: IntegerSite, inputScale: number): void {
    const slot = site.kernel.weight
    if (site.weight === 'none' || slot === 'none') return
    const weight = node.input(site.weight)
    const tensor = weight?.constant
    if (weight === null || !tensor) return
    const { perChannel, target } = this.#settings
    const isPerChannel = perChannel && !target.perTensor.has(node.opType)
    const axis = isPerChannel ? slot.channelAxis(node, tensor.dims.length) : 'none'
    const layout = { dims: tensor.dims, axis }
    const values = finiteWeights(tensor)
    const scales = weightScales(values, layout, this.#settings.limit)
    const outputAxis = slot.channelAxis(node, tensor.dims.length)
    const channels = outputAxis === 'none' ? 1 : (tensor.dims[outputAxis] ?? 1)
    const bias = this.#biasValues(node, site, channels)
    if (bias !== null) raiseForBias(scales, bias, inputScale)
    this.#setWeight(node, site.weight, weight, values, layout, scales)
    if (bias !== null) this.#setBias(node, Number(site.kernel.bias), bias, scales, inputScale)
  }

  #biasValues(node: Node, site: IntegerSite, channels: number): Float32Array | null {
    if (site.kernel.bias === 'none') return null
    const value = node.input(site.kernel.bias)
    if (value === null || value.constant === null) return null
    finiteWeights(value.constant)
    const bias = float32Constant(value)
    if (bias === null) return null
    return bias.length === 1 ? new Float32Array(channels).fill(bias[0] ?? 0) : bias
  }

  #setWeight(
    node: Node,
    input: number,
    weight: Value,
    values: Float32Array,
    layout: WeightLayout,
    scales: Float32Array,
  ): void {
    const identity = this.#identities.get(weight) ?? this.#identities.size
    this.#identities.set(weight, identity)
    const key = `${identity}/${layout.axis}/${scales.join()}`
    let stored = this.#emitted.get(key)
    if (stored === undefined) {
      const { grams, limit } = this.#settings
      const gram = weight.uses.size === 1 ? grams.get(labelOf(node)) : undefined
      const quantized =
        gram === undefined
          ? quantizeWeight(values, layout, scales, limit).values
          : this.#roundedByGram(node, values, layout, scales, gram)
      stored = this.#store.int8(quantized, layout.dims)
      this.#emitted.set(key, stored)
    }
    const scaleDims = layout.axis === 'none' ? [] : [scales.length]
    const scale = this.#scales(scales, scaleDims)
    const zero = this.#store.int8(new Int8Array(scales.length), scaleDims)
    this.#dequantize(node, input, [stored, scale, zero], layout.axis)
  }

  /** Weights of products are turned so that an output's inputs lie together, and back. */
  #roundedByGram(
    node: Node,
    values: Float32Array,
    { dims }: WeightLayout,
    scales: Float32Array,
    gram: GramMatrix,
  ): Int8Array {
    const { limit } = this.#settings
    const isTurned = dims.length === 2 && dims[0] === gram.inputs && node.int('transB', 0) === 0
    if (!isTurned) return roundByGram(values, scales, limit, gram)
    const [inputs, outputs] = [gram.inputs, values.length / gram.inputs]
    const turned = values.map((_, index) => {
      return values[(index % inputs) * outputs + Math.floor(index / inputs)] ?? 0
    })
    const rounded = roundByGram(turned, scales, limit, gram)
    return Int8Array.from(rounded, (_, index) => {
      return rounded[(index % outputs) * inputs + Math.floor(index / outputs)] ?? 0
    })
  }

  #scales(scales: Float32Array, dims: readonly number[]): Value {
    const key = `scales[${dims.join()}] ${scales.join()}`
    const present = this.#emitted.get(key)
    if (present !== undefined) return present
    const value = this.#store.float32(scales, dims)
    this.#emitted.set(key, value)
    return value
  }

  /** b ≈ s_x·s_w·q: the scale that the products of the kernel have. */
  #setBias(
    node: Node,
    input: number,
    bias: Float32Array,
    scales: Float32Array,
    inputScale: number,
  ): void {
    const products = scales.map((scale) => scale * inputScale)
    const quantized = Int32Array.from(bias, (value, index) => {
      return Math.round(value / (products[products.length === 1 ? 0 : index] ?? 1))
    })
    const isScalar = products.length === 1
    const stored = this.#store.int32(quantized, [quantized.length])
    const scale = this.#scales(products, isScalar ? [] : [products.length])
    this.#dequantize(node, input, [stored, scale], isScalar ? 'none' : 0)
  }

  #dequantize(node: Node, input: number, operands: readonly Value[], axis: number | 'none'): void {
    const attributes = axis === 'none' || axis === 1 ? [] : [intAttribute('axis', axis)]
    const name = this.#store.name('d')
    const dequantize = makeNode('DequantizeLinear', operands, [name], attributes)
    dequantize.name = ''
    this.#store.graph.insertBefore(dequantize, node)
    node.setInput(input, dequantize.output(0))
  }
}

/** A channel whose bias would overflow int32 gets a larger scale, and coarser weights with it. */
function raiseForBias(scales: Float32Array, bias: Float32Array, inputScale: number): void {
  for (let index = 0; index < bias.length; index += 1) {
    const channel = scales.length === 1 ? 0 : index
    const needed = Math.abs(bias[index] ?? 0) / (BIAS_LIMIT * inputScale)
    if (needed > (scales[channel] ?? 0)) scales[channel] = needed
  }
}

// Writes a placement into the model: QuantizeLinear behind every value that integer nodes make or read, and a DequantizeLinear of
// its own before each reader, the form that the runtime fuses into integer kernels at load.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import type { Use, Value } from '#src/onnx/ir/value'
import { floatValues } from '#src/onnx/tensor-values'
import { opRule } from '../ops/registry.ts'
import { labelOf } from '../rewrite/pass.ts'
import { bypass } from '../rewrite/sole-consumer.ts'
import type { ActivationType } from './activation-type.ts'
import { ACTIVATION_LEVELS } from './activation-type.ts'
import { ConstantStore } from './constant-store.ts'
import type { WeightSettings } from './emit-weights.ts'
import { WeightEmitter } from './emit-weights.ts'
import type { Placement } from './place.ts'
import type { QuantizationSites } from './quantization-sites.ts'
import { resultOf } from './quantization-sites.ts'
import type { Range, Ranges } from './quantize-result.ts'
import { Quantizers } from './quantizers.ts'
import { ScaleGroups } from './scale-groups.ts'
import type { QuantizationTarget } from './targets/target.ts'

/** Ranges that share a scale for speed may grow by this: one bit of eight. */
const MOST_GROWTH = 2

export interface QdqSettings extends WeightSettings {
  readonly target: QuantizationTarget
  readonly activations: ActivationType
}

/**
 * Changes the model in place.
 * @throws OnnxError invalid_weights when weights or biases are not finite
 */
export function emitQdq(
  model: Model,
  sites: QuantizationSites,
  placement: Placement,
  ranges: Ranges,
  settings: QdqSettings,
): void {
  new QdqEmitter(model, sites, placement, ranges, settings).run()
}

class QdqEmitter {
  readonly #sites: QuantizationSites
  readonly #placement: Placement
  readonly #ranges: Ranges
  readonly #groups: ScaleGroups
  readonly #target: QuantizationTarget
  readonly #type: ActivationType
  readonly #store: ConstantStore
  readonly #weights: WeightEmitter
  readonly #quantizers: Quantizers
  readonly #absorbedBounds = new Map<Node, Range>()

  constructor(
    model: Model,
    sites: QuantizationSites,
    placement: Placement,
    ranges: Ranges,
    settings: QdqSettings,
  ) {
    this.#sites = sites
    this.#placement = placement
    this.#ranges = ranges
    this.#target = settings.target
    this.#type = settings.activations
    this.#groups = new ScaleGroups(settings.activations)
    this.#store = new ConstantStore(model)
    this.#quantizers = new Quantizers(this.#store, settings.activations)
    this.#weights = new WeightEmitter(this.#store, settings)
  }

  run(): void {
    const { integer, carriers } = this.#placement
    // A name is what a node of the runtime's own graph is found again by (kernel-coverage).
    for (const node of integer) if (node.name === '') node.name = labelOf(node)
    for (const node of integer) this.#absorbActivation(node)
    for (const node of carriers) this.#groups.joinCarrier(node)
    const values = this.#quantizedValues()
    for (const value of values) this.#collectRange(value)
    for (const node of integer) this.#shareScale(node)
    for (const node of integer) {
      const site = this.#sites.integer.get(node)
      const first = site?.activations[0]
      const input = first === undefined ? null : node.input(first)
      if (site !== undefined && input !== null) {
        this.#weights.emit(node, site, this.#groups.parametersOf(input).scale)
      }
    }
    for (const value of values) this.#emitValue(value)
    for (const node of integer) this.#becomeAddition(node)
  }

  #shareScale(node: Node): void {
    const { sharesScale, prefersScale } = this.#target
    const isWanted = sharesScale.has(node.opType)
    if (!isWanted && !prefersScale.has(node.opType)) return
    const result = node.output(0)
    for (const input of node.inputs) {
      if (input === null || result === null) continue
      this.#groups.joinAlike(result, input, isWanted ? Infinity : MOST_GROWTH)
    }
  }

  /** α·x arrives by the scale of the input's DequantizeLinear; β is added, and the output's quantizer clips. */
  #becomeAddition(node: Node): void {
    const gate = this.#sites.integer.get(node)?.gate ?? null
    if (gate === null) return
    const { least, most } = ACTIVATION_LEVELS[this.#type]
    const offset = this.#store.activation(this.#type, [most], [])
    const scaleValue = this.#store.float32(Float32Array.of(gate.beta / (most - least)), [])
    const zero = this.#store.activation(this.#type, [least], [])
    node.opType = 'Add'
    node.attributes.clear()
    node.setInput(1, this.#quantizers.dequantize(offset, scaleValue, zero, node))
  }

  /** Takes the Relu or Clip behind the node out: its range, which starts at 0 or the bound, does the same. */
  #absorbActivation(node: Node): void {
    const site = this.#sites.integer.get(node)
    const output = node.output(0)
    if (site === undefined || output === null) return
    const result = resultOf(node, site)
    if (result !== null && site.kernel.outputRange === 'observed') {
      const observed = this.#ranges.get(result.name)
      const { low, high } = site.absorbed?.bounds ?? { low: -Infinity, high: Infinity }
      if (observed !== undefined) {
        const range = { low: Math.max(observed.low, low), high: Math.min(observed.high, high) }
        this.#groups.setRange(output, range)
      }
    } else if (site.kernel.outputRange !== 'observed') {
      const [low, high] = site.kernel.outputRange
      const range = { low, high: high * this.#unit(node) }
      this.#groups.setRange(output, range)
      this.#groups.setBounds(output, range)
    }
    if (site.absorbed === null) return
    this.#groups.setBounds(output, site.absorbed.bounds)
    this.#absorbedBounds.set(node, site.absorbed.bounds)
    bypass(site.absorbed.node, output)
  }

  /** With one over the number of integers as its scale, [0, 1) is what they reach. */
  #unit({ opType }: Node): number {
    const { least, most } = ACTIVATION_LEVELS[this.#type]
    return this.#target.unitScale.has(opType) ? (most - least) / (most - least + 1) : 1
  }

  #quantizedValues(): Set<Value> {
    const { integer, carriers } = this.#placement
    const values = new Set<Value>()
    for (const node of integer) {
      const site = this.#sites.integer.get(node)
      for (const index of site?.activations ?? []) {
        const input = node.input(index)
        if (input !== null) values.add(input)
      }
      const output = node.output(0)
      const mustQuantize =
        site?.kernel.needsOutputQuantizer ||
        this.#target.quantizesResults ||
        this.#absorbedBounds.has(node)
      if (output !== null && mustQuantize) values.add(output)
    }
    for (const node of carriers) {
      for (const value of [node.input(0), ...node.outputs]) if (value !== null) values.add(value)
    }
    return values
  }

  #collectRange(value: Value): void {
    const tensor = value.constant
    if (tensor !== null) {
      const elements = floatValues(tensor)
      const low = elements.reduce((least, element) => Math.min(least, element), Infinity)
      const high = elements.reduce((most, element) => Math.max(most, element), -Infinity)
      this.#groups.setRange(value, { low, high })
      return
    }
    const isOwn = value.producer !== null && this.#placement.integer.has(value.producer)
    const observed = this.#ranges.get(value.name)
    if (!isOwn && observed !== undefined) this.#groups.setRange(value, observed)
  }

  #emitValue(value: Value): void {
    const { scale, zeroPoint } = this.#groups.parametersOf(value)
    const scaleValue = this.#store.float32(Float32Array.of(scale), [])
    const zero = this.#store.activation(this.#type, [zeroPoint], [])
    const readers = [...value.uses]
    const isOutput = value.isGraphOutput
    const quantized = this.#quantizers.quantize(this.#unfused(value), scaleValue, zero)
    const isMadeOnIntegers =
      value.producer !== null &&
      (this.#placement.integer.has(value.producer) || this.#placement.carriers.has(value.producer))
    let shared: Value | null = null
    for (const use of readers) {
      if (this.#readsIntegers(use)) {
        const alpha = this.#sites.integer.get(use.node)?.gate?.alpha ?? 1
        const own = this.#store.float32(Float32Array.of(scale * alpha), [])
        use.node.setInput(use.index, this.#quantizers.dequantize(quantized, own, zero, use.node))
      } else if (isMadeOnIntegers) {
        shared ??= this.#quantizers.dequantize(quantized, scaleValue, zero, null)
        use.node.setInput(use.index, shared)
      }
    }
    if (!isOutput || !isMadeOnIntegers) return
    shared ??= this.#quantizers.dequantize(quantized, scaleValue, zero, null)
    this.#replaceOutput(value, shared)
  }

  #readsIntegers({ node, index }: Use): boolean {
    if (this.#placement.carriers.has(node)) return index === 0
    const site = this.#placement.integer.has(node) ? this.#sites.integer.get(node) : undefined
    return site?.activations.includes(index) ?? false
  }

  /**
   * The runtime moves a quantizer up through an operator that carries integers, and a pooling of integers in channel-first
   * layout is some sixty times slower. A Relu that changes nothing, since nothing is negative, keeps it in place.
   */
  #unfused(value: Value): Value {
    const { producer } = value
    const { low } = this.#groups.rangeOf(value)
    if (producer === null || this.#placement.carriers.has(producer) || low < 0) return value
    const rule = opRule(producer)
    const isWindow = producer.ints('kernel_shape') !== null
    if (rule === 'unknown' || rule.quantization !== 'carries' || !isWindow) return value
    const guard = makeNode('Relu', [value], [this.#store.name('r')])
    this.#store.graph.insertAfter(guard, producer)
    return guard.output(0) ?? value
  }

  /** The dequantized value takes the place and the name of a graph output. */
  #replaceOutput(value: Value, dequantized: Value): void {
    const { outputs } = this.#store.graph
    const index = outputs.indexOf(value)
    const { name } = value
    value.name = this.#store.name('y')
    dequantized.name = name
    dequantized.type = value.type
    outputs[index] = dequantized
  }
}

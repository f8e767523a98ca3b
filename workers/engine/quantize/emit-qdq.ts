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
import { ConstantStore } from './constant-store.ts'
import type { WeightSettings } from './emit-weights.ts'
import { WeightEmitter } from './emit-weights.ts'
import type { Placement } from './place.ts'
import type { QuantizationSites } from './quantization-sites.ts'
import { resultOf } from './quantization-sites.ts'
import type { Range, Ranges } from './quantize-result.ts'
import { ScaleGroups } from './scale-groups.ts'

/**
 * Changes the model in place.
 * @throws OnnxError invalid_weights when weights or biases are not finite
 */
export function emitQdq(
  model: Model,
  sites: QuantizationSites,
  placement: Placement,
  ranges: Ranges,
  settings: WeightSettings,
): void {
  new QdqEmitter(model, sites, placement, ranges, settings).run()
}

class QdqEmitter {
  readonly #sites: QuantizationSites
  readonly #placement: Placement
  readonly #ranges: Ranges
  readonly #groups = new ScaleGroups()
  readonly #store: ConstantStore
  readonly #weights: WeightEmitter
  readonly #absorbedBounds = new Map<Node, Range>()

  constructor(
    model: Model,
    sites: QuantizationSites,
    placement: Placement,
    ranges: Ranges,
    settings: WeightSettings,
  ) {
    this.#sites = sites
    this.#placement = placement
    this.#ranges = ranges
    this.#store = new ConstantStore(model)
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

  /** α·x arrives by the scale of the input's DequantizeLinear; β is added, and the output's quantizer clips. */
  #becomeAddition(node: Node): void {
    const gate = this.#sites.integer.get(node)?.gate ?? null
    if (gate === null) return
    const [offset, scale] = [this.#store.uint8(Uint8Array.of(255), []), gate.beta / 255]
    const scaleValue = this.#store.float32(Float32Array.of(scale), [])
    const zero = this.#store.uint8(Uint8Array.of(0), [])
    node.opType = 'Add'
    node.attributes.clear()
    node.setInput(1, this.#dequantize(offset, scaleValue, zero, node))
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
      this.#groups.setRange(output, { low, high })
    }
    if (site.absorbed === null) return
    this.#absorbedBounds.set(node, site.absorbed.bounds)
    bypass(site.absorbed.node, output)
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
      const mustQuantize = site?.kernel.needsOutputQuantizer || this.#absorbedBounds.has(node)
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
    const zero = this.#store.uint8(Uint8Array.of(zeroPoint), [])
    const readers = [...value.uses]
    const isOutput = value.isGraphOutput
    const quantized = this.#quantize(this.#unfused(value), scaleValue, zero)
    const isMadeOnIntegers =
      value.producer !== null &&
      (this.#placement.integer.has(value.producer) || this.#placement.carriers.has(value.producer))
    let shared: Value | null = null
    for (const use of readers) {
      if (this.#readsIntegers(use)) {
        const alpha = this.#sites.integer.get(use.node)?.gate?.alpha ?? 1
        const own = this.#store.float32(Float32Array.of(scale * alpha), [])
        use.node.setInput(use.index, this.#dequantize(quantized, own, zero, use.node))
      } else if (isMadeOnIntegers) {
        shared ??= this.#dequantize(quantized, scaleValue, zero, null)
        use.node.setInput(use.index, shared)
      }
    }
    if (!isOutput || !isMadeOnIntegers) return
    shared ??= this.#dequantize(quantized, scaleValue, zero, null)
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

  #quantize(value: Value, scale: Value, zero: Value): Value {
    const { graph } = this.#store
    const tensor = value.constant
    if (tensor !== null) {
      const step = floatValues(scale.constant ?? tensor)[0] ?? 1
      const shift = floatValues(zero.constant ?? tensor)[0] ?? 0
      const elements = Uint8Array.from(floatValues(tensor), (element) => {
        return Math.max(0, Math.min(255, Math.round(element / step) + shift))
      })
      return this.#store.uint8(elements, tensor.dims)
    }
    const node = makeNode('QuantizeLinear', [value, scale, zero], [this.#store.name('q')])
    node.name = ''
    const [first] = graph.nodes()
    if (value.producer !== null) graph.insertAfter(node, value.producer)
    else if (first === undefined) graph.append(node)
    else graph.insertBefore(node, first)
    const result = node.output(0)
    if (result === null) throw new Error('a QuantizeLinear has one output')
    return result
  }

  /** Before `reader`, or right behind the quantizer when it serves several. */
  #dequantize(quantized: Value, scale: Value, zero: Value, reader: Node | null): Value {
    const node = makeNode('DequantizeLinear', [quantized, scale, zero], [this.#store.name('d')])
    node.name = ''
    const { graph } = this.#store
    if (reader !== null) graph.insertBefore(node, reader)
    else if (quantized.producer !== null) graph.insertAfter(node, quantized.producer)
    const result = node.output(0)
    if (result === null) throw new Error('a DequantizeLinear has one output')
    return result
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

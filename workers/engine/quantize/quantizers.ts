// The nodes that turn an activation into integers and back.

import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { floatValues } from '#src/onnx/tensor-values'
import type { ActivationType } from './activation-type.ts'
import { ACTIVATION_LEVELS } from './activation-type.ts'
import type { ConstantStore } from './constant-store.ts'

export class Quantizers {
  readonly #store: ConstantStore
  readonly #type: ActivationType

  constructor(store: ConstantStore, type: ActivationType) {
    this.#store = store
    this.#type = type
  }

  /** A constant is quantized at once. */
  quantize(value: Value, scale: Value, zero: Value): Value {
    const { graph } = this.#store
    const tensor = value.constant
    if (tensor !== null) {
      const step = floatValues(scale.constant ?? tensor)[0] ?? 1
      const shift = floatValues(zero.constant ?? tensor)[0] ?? 0
      const { least, most } = ACTIVATION_LEVELS[this.#type]
      const elements = Array.from(floatValues(tensor), (element) => {
        return Math.max(least, Math.min(most, Math.round(element / step) + shift))
      })
      return this.#store.activation(this.#type, elements, tensor.dims)
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
  dequantize(quantized: Value, scale: Value, zero: Value, reader: Node | null): Value {
    const node = makeNode('DequantizeLinear', [quantized, scale, zero], [this.#store.name('d')])
    node.name = ''
    const { graph } = this.#store
    if (reader !== null) graph.insertBefore(node, reader)
    else if (quantized.producer !== null) graph.insertAfter(node, quantized.producer)
    const result = node.output(0)
    if (result === null) throw new Error('a DequantizeLinear has one output')
    return result
  }
}

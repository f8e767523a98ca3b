// Matrix products of integers whose inputs are quantized while running, in the form that the runtime fuses into
// DynamicQuantizeMatMul: DynamicQuantizeLinear → MatMulInteger → Cast → Mul by both scales.

import { intAttribute } from '#src/onnx/ir/attribute'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { labelOf } from '../rewrite/pass.ts'
import { bypass } from '../rewrite/sole-consumer.ts'
import type { ConstantStore } from './constant-store.ts'
import type { DynamicSite } from './dynamic-sites.ts'
import { transposedMatrix } from './dynamic-sites.ts'
import { finiteWeights, quantizeWeight, weightScales } from './quantize-weight.ts'

export interface DynamicSettings {
  /** One scale per column of a weight instead of one. */
  readonly perChannel: boolean
  /** The largest integer a weight takes. */
  readonly limit: number
}

/**
 * Changes the model of the store in place; a product's name goes to the node that multiplies integers.
 * @throws OnnxError invalid_weights when weights are not finite
 */
export function emitDynamic(
  store: ConstantStore,
  sites: ReadonlyMap<Node, DynamicSite>,
  settings: DynamicSettings,
): void {
  const emitter = new DynamicEmitter(store, settings)
  for (const [node, site] of sites) emitter.emit(node, site)
}

interface StoredWeight {
  readonly integers: Value
  readonly scales: Value
  readonly zeros: Value
}

class DynamicEmitter {
  readonly #store: ConstantStore
  readonly #settings: DynamicSettings
  readonly #weights = new Map<Value, StoredWeight>()
  readonly #turnedWeights = new Map<Value, StoredWeight>()
  readonly #inputs = new Map<Value, readonly [Value, Value, Value]>()

  constructor(store: ConstantStore, settings: DynamicSettings) {
    this.#store = store
    this.#settings = settings
  }

  /** y = (q(x) − z) · W_q · (s_x · s_w) + b. */
  emit(node: Node, site: DynamicSite): void {
    const { integers, scales, zeros } = this.#weight(site)
    const [quantized, scale, zero] = this.#input(site.input, node)
    const product = this.#insert(node, 'MatMulInteger', [quantized, integers, zero, zeros])
    if (product.producer !== null) product.producer.name = labelOf(node)
    const float = this.#insert(node, 'Cast', [product], 'float32')
    const bothScales = this.#insert(node, 'Mul', [scale, scales])
    let result = this.#insert(node, 'Mul', [float, bothScales])
    if (site.bias !== null) result = this.#insert(node, 'Add', [result, site.bias])
    bypass(node, result)
  }

  /** One quantizer per value, whoever reads it. */
  #input(value: Value, reader: Node): readonly [Value, Value, Value] {
    const present = this.#inputs.get(value)
    if (present !== undefined) return present
    const names = ['q', 's', 'z'].map((prefix) => this.#store.name(prefix))
    const node = makeNode('DynamicQuantizeLinear', [value], names)
    node.name = ''
    this.#store.graph.insertBefore(node, reader)
    const [quantized, scale, zero] = node.outputs
    if (!quantized || !scale || !zero) throw new Error('DynamicQuantizeLinear has three outputs')
    const outputs = [quantized, scale, zero] as const
    this.#inputs.set(value, outputs)
    return outputs
  }

  #weight({ weight, transposed }: DynamicSite): StoredWeight {
    const stores = transposed ? this.#turnedWeights : this.#weights
    const present = stores.get(weight)
    if (present !== undefined) return present
    const tensor = weight.constant
    if (tensor === null) throw new Error(`'${weight.name}' is no constant`)
    const [rows, columns] = [tensor.dims[0] ?? 0, tensor.dims[1] ?? 0]
    const values = finiteWeights(tensor)
    const matrix = transposed ? transposedMatrix(values, rows, columns) : values
    const dims = transposed ? [columns, rows] : [rows, columns]
    const { perChannel, limit } = this.#settings
    const layout = { dims, axis: perChannel ? 1 : ('none' as const) }
    const { values: integers, scales } = quantizeWeight(
      matrix,
      layout,
      weightScales(matrix, layout, limit),
      limit,
    )
    const scaleDims = perChannel ? [scales.length] : []
    const stored = {
      integers: this.#store.int8(integers, dims),
      scales: this.#store.float32(scales, scaleDims),
      zeros: this.#store.int8(new Int8Array(scales.length), scaleDims),
    }
    stores.set(weight, stored)
    return stored
  }

  #insert(
    before: Node,
    opType: string,
    inputs: readonly Value[],
    castTo: 'float32' | 'none' = 'none',
  ): Value {
    const attributes = castTo === 'none' ? [] : [intAttribute('to', DATA_TYPES[castTo].code)]
    const node = makeNode(opType, inputs, [this.#store.name('m')], attributes)
    node.name = ''
    this.#store.graph.insertBefore(node, before)
    const output = node.output(0)
    if (output === null) throw new Error(`${opType} has one output`)
    return output
  }
}

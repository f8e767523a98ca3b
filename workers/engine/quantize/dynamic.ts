// Dynamic quantization: int8 weights; activations of matrix products are quantized while running, from their own range. The
// form that the runtime fuses into DynamicQuantizeMatMul: DynamicQuantizeLinear → MatMulInteger → Cast → Mul by both scales.
// Convolutions keep computing in float: ConvInteger is several times slower. Their weights are stored as integers.

import { intAttribute } from '#src/onnx/ir/attribute'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { simplify } from '../rewrite/simplify.ts'
import { widenFloat16 } from '../rewrite/widen-float16.ts'
import { bypass } from '../rewrite/sole-consumer.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { compactWeights } from './compact-weights.ts'
import { ConstantStore } from './constant-store.ts'
import type { DynamicSite } from './dynamic-sites.ts'
import { dynamicSites, transposedMatrix } from './dynamic-sites.ts'
import type { QuantizeResult } from './quantize-result.ts'
import { finiteWeights, quantizeWeight, weightScales } from './quantize-weight.ts'
import { quantizedAlready } from './quantized-already.ts'
import { requireFiniteWeights } from './require-finite-weights.ts'

export interface DynamicOptions {
  /** One scale per column of a weight instead of one. */
  readonly perChannel: boolean
  /** Names of nodes that stay in float, weights included. */
  readonly excludedLayers: readonly string[]
}

/**
 * Rewrites `model` in place; needs no data.
 * @throws OnnxError invalid_weights when weights are not finite
 */
export async function quantizeDynamic(
  model: Model,
  options: DynamicOptions,
  runtime: Runtime,
): Promise<QuantizeResult> {
  const refusal = quantizedAlready(model)
  if (refusal !== null) {
    return {
      model,
      details: {},
      declined: [{ rule: 'quantize-dynamic', node: null, reason: refusal }],
    }
  }
  widenFloat16(model)
  const simplified = await simplify(model, runtime)
  requireFiniteWeights(model)
  const excluded = new Set(options.excludedLayers)
  const { sites, declined } = dynamicSites(model, excluded)
  const emitter = new DynamicEmitter(model, options.perChannel)
  for (const [node, site] of sites) emitter.emit(node, site)
  const compact = compactWeights(model, emitter.store, excluded)
  sweepDeadCode(model)
  const all: Declined[] = [...simplified.declined, ...declined, ...compact.declined]
  return {
    model,
    details: {
      integer_nodes: sites.size,
      compact_weights: compact.tensors,
      simplify: simplified.details,
    },
    declined: all,
  }
}

interface StoredWeight {
  readonly integers: Value
  readonly scales: Value
  readonly zeros: Value
}

class DynamicEmitter {
  readonly store: ConstantStore
  readonly #perChannel: boolean
  readonly #weights = new Map<Value, StoredWeight>()
  readonly #inputs = new Map<Value, readonly [Value, Value, Value]>()

  constructor(model: Model, perChannel: boolean) {
    this.store = new ConstantStore(model)
    this.#perChannel = perChannel
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
    const names = ['q', 's', 'z'].map((prefix) => this.store.name(prefix))
    const node = makeNode('DynamicQuantizeLinear', [value], names)
    node.name = ''
    this.store.graph.insertBefore(node, reader)
    const [quantized, scale, zero] = node.outputs
    if (!quantized || !scale || !zero) throw new Error('DynamicQuantizeLinear has three outputs')
    const outputs = [quantized, scale, zero] as const
    this.#inputs.set(value, outputs)
    return outputs
  }

  #weight({ weight, transposed }: DynamicSite): StoredWeight {
    const present = this.#weights.get(weight)
    if (present !== undefined) return present
    const tensor = weight.constant
    if (tensor === null) throw new Error(`'${weight.name}' is no constant`)
    const [rows, columns] = [tensor.dims[0] ?? 0, tensor.dims[1] ?? 0]
    const values = finiteWeights(tensor)
    const matrix = transposed ? transposedMatrix(values, rows, columns) : values
    const dims = transposed ? [columns, rows] : [rows, columns]
    const layout = { dims, axis: this.#perChannel ? 1 : ('none' as const) }
    const { values: integers, scales } = quantizeWeight(
      matrix,
      layout,
      weightScales(matrix, layout, 127),
    )
    const scaleDims = this.#perChannel ? [scales.length] : []
    const stored = {
      integers: this.store.int8(integers, dims),
      scales: this.store.float32(scales, scaleDims),
      zeros: this.store.int8(new Int8Array(scales.length), scaleDims),
    }
    this.#weights.set(weight, stored)
    return stored
  }

  #insert(
    before: Node,
    opType: string,
    inputs: readonly Value[],
    castTo: 'float32' | 'none' = 'none',
  ): Value {
    const attributes = castTo === 'none' ? [] : [intAttribute('to', DATA_TYPES[castTo].code)]
    const node = makeNode(opType, inputs, [this.store.name('m')], attributes)
    node.name = ''
    this.store.graph.insertBefore(node, before)
    const output = node.output(0)
    if (output === null) throw new Error(`${opType} has one output`)
    return output
  }
}

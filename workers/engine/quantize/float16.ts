// Half precision: float32 weights and activations become float16, except where the format or the runtime cannot follow.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import { intAttribute, tensorAttribute } from '#src/onnx/ir/attribute'
import type { DataType } from '#src/onnx/ir/data-type'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Tensor } from '#src/onnx/ir/tensor'
import { typedTensor } from '#src/onnx/ir/tensor'
import { tensorType } from '#src/onnx/ir/value-type'
import { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { encodeFloat16, floatValues } from '#src/onnx/tensor-values'
import { FreshNames } from '../rewrite/fresh-names.ts'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { simplify } from '../rewrite/simplify.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import { float16Obstacle, float32Operands } from './float16-obstacles.ts'
import type { Magnitudes } from './float16-ranges.ts'
import { measureMagnitudes, rangeObstacle } from './float16-ranges.ts'
import type { QuantizeResult } from './quantize-result.ts'
import { quantizedAlready } from './quantized-already.ts'
import { requireFiniteWeights } from './require-finite-weights.ts'

export interface Float16Options {
  /** Inputs and outputs stay float32, with a Cast behind and before them. */
  readonly keepIoTypes: boolean
  /** Names of nodes that stay in float32. */
  readonly excludedLayers: readonly string[]
  /** Samples that activations are measured on; `none` where there are none. */
  readonly feeds: FeedSource | 'none'
  readonly threads?: number
}

/**
 * Rewrites `model` in place.
 * @throws OnnxError invalid_weights when weights are not finite, or activations NaN; RuntimeRejection
 */
export async function quantizeFloat16(
  model: Model,
  options: Float16Options,
  runtime: Runtime,
): Promise<QuantizeResult> {
  const refusal = quantizedAlready(model)
  if (refusal !== null) {
    return { model, details: {}, declined: [{ rule: 'float16', node: null, reason: refusal }] }
  }
  const simplified = await simplify(model, runtime)
  requireFiniteWeights(model)
  const { feeds, threads = 1 } = options
  const magnitudes =
    feeds === 'none' ? new Map() : await measureMagnitudes(model, feeds, runtime, threads)
  const converter = new Float16Converter(model, options, magnitudes)
  converter.run()
  sweepDeadCode(model)
  return {
    model,
    details: {
      float16_nodes: converter.half.size,
      float32_nodes: converter.declined.length,
      float16_tensors: converter.tensors,
      measured_values: feeds === 'none' ? 'none: there is no data' : magnitudes.size,
      simplify: simplified.details,
    },
    declined: [...simplified.declined, ...converter.declined],
  }
}

class Float16Converter {
  readonly half = new Set<Node>()
  readonly declined: Declined[] = []
  tensors = 0
  readonly #model: Model
  readonly #options: Float16Options
  readonly #facts: TypeInference
  readonly #names: FreshNames
  /** The other-precision twin of a value: made once, read by all. */
  readonly #casts = new Map<Value, Value>()
  /** Values that hold float16 now. */
  readonly #halfValues = new Set<Value>()

  readonly #magnitudes: Magnitudes

  constructor(model: Model, options: Float16Options, magnitudes: Magnitudes) {
    this.#magnitudes = magnitudes
    this.#model = model
    this.#options = options
    this.#facts = inferTypes(model)
    this.#names = new FreshNames(model)
  }

  run(): void {
    const { graph } = this.#model
    const excluded = new Set(this.#options.excludedLayers)
    for (const node of graph.nodes()) {
      const isFloat = [...node.inputs, ...node.outputs].some((value) => this.#isFloat32(value))
      if (!isFloat) continue
      const reason = excluded.has(labelOf(node))
        ? 'excluded'
        : (float16Obstacle(node, this.#facts) ?? rangeObstacle(node, this.#magnitudes))
      if (reason === null) this.half.add(node)
      else this.declined.push({ rule: 'float16', node: labelOf(node), reason })
    }
    const outputs = [...graph.outputs]
    if (!this.#options.keepIoTypes) this.#convertInputs()
    for (const node of this.half) this.#convertResults(node)
    for (const node of Array.from(graph.nodes())) this.#connect(node)
    for (const value of outputs) this.#finishOutput(value)
  }

  #isFloat32(value: Value | null): boolean {
    const type = value === null ? null : this.#facts.type(value)
    return type?.kind === 'tensor' && type.dtype === 'float32'
  }

  #convertInputs(): void {
    for (const value of this.#model.graph.inputs) {
      if (!this.#isFloat32(value) || value.initializer !== null) continue
      this.#retype(value, 'float16')
      this.#halfValues.add(value)
    }
  }

  #convertResults(node: Node): void {
    for (const value of node.outputs) {
      if (value === null || !this.#isFloat32(value)) continue
      this.#halfValues.add(value)
      if (value.type !== null) this.#retype(value, 'float16')
    }
    const to = node.attributes.get('to')
    if (node.is('Cast') && to?.type === 'int' && Number(to.value) === DATA_TYPES.float32.code) {
      node.attributes.set('to', intAttribute('to', DATA_TYPES.float16.code))
    }
    const filler = node.attributes.get('value')
    if (filler?.type === 'tensor' && filler.value.dtype === 'float32') {
      const tensor = halfTensor(filler.value, filler.value.name)
      if (tensor !== null) node.attributes.set('value', tensorAttribute('value', tensor))
    }
  }

  /** Gives each input the precision that the node computes in. */
  #connect(node: Node): void {
    const wantsHalf = this.half.has(node)
    const kept = wantsHalf ? float32Operands(node) : null
    node.inputs.forEach((value, index) => {
      if (value === null || !this.#isFloat32(value)) return
      const half = wantsHalf && !kept?.includes(index)
      if (half === this.#halfValues.has(value)) return
      node.setInput(index, this.#twin(value, half ? 'float16' : 'float32'))
    })
    for (const graph of node.subgraphs()) {
      for (const inner of graph.allNodes()) {
        inner.inputs.forEach((value, index) => {
          if (value !== null && this.#halfValues.has(value)) {
            inner.setInput(index, this.#twin(value, 'float32'))
          }
        })
      }
    }
  }

  #twin(value: Value, dtype: DataType): Value {
    const present = this.#casts.get(value)
    if (present !== undefined) return present
    const twin = this.#makeTwin(value, dtype)
    this.#casts.set(value, twin)
    return twin
  }

  #makeTwin(value: Value, dtype: DataType): Value {
    const { graph } = this.#model
    const name = this.#names.make(`${value.name}_${dtype}`)
    const half = value.constant === null ? null : halfTensor(value.constant, name)
    if (half !== null) {
      this.tensors += 1
      return graph.addInitializer(half)
    }
    const cast = makeNode('Cast', [value], [name], [intAttribute('to', DATA_TYPES[dtype].code)])
    const [first] = graph.nodes()
    if (value.producer?.graph === graph) graph.insertAfter(cast, value.producer)
    else if (first !== undefined) graph.insertBefore(cast, first)
    const result = cast.output(0)
    if (result === null) throw new Error('a Cast has one output')
    return result
  }

  #finishOutput(value: Value): void {
    if (!this.#halfValues.has(value) || !this.#options.keepIoTypes) return
    const { graph } = this.#model
    const index = graph.outputs.indexOf(value)
    const { name, type } = value
    value.name = this.#names.make(`${name}_float16`)
    const output = new Value(name, type)
    this.#retype(output, 'float32')
    const cast = makeNode('Cast', [value], [], [intAttribute('to', DATA_TYPES.float32.code)])
    cast.name = name
    cast.setOutput(0, output)
    graph.append(cast)
    graph.outputs[index] = output
  }

  #retype(value: Value, dtype: DataType): void {
    const shape = value.type?.kind === 'tensor' ? value.type.shape : null
    value.type = tensorType(dtype, shape)
  }
}

/** The tensor in float16. The caller has made sure that it fits. `null` when it is not float32. */
function halfTensor(tensor: Tensor, name: string): Tensor | null {
  if (tensor.dtype !== 'float32') return null
  return typedTensor(name, 'float16', tensor.dims, encodeFloat16(floatValues(tensor)))
}

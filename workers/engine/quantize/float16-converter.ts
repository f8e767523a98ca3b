// Rewrites nodes of float32 to float16, with a Cast wherever the two meet.

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
import { encodeFloat16, floatValues } from '#src/onnx/tensor-values'
import { FreshNames } from '../rewrite/fresh-names.ts'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'
import { float32Operands } from './float16-obstacles.ts'

export interface Float16Choice {
  /** Why a node that computes on float32 goes on doing so; `null` when it becomes float16. */
  readonly obstacle: (node: Node, facts: TypeInference) => string | null
  /** Whether an input or output of the graph that is float32 stays so. */
  readonly keepsType: (value: Value) => boolean
}

export class Float16Converter {
  readonly half = new Set<Node>()
  readonly declined: Declined[] = []
  tensors = 0
  readonly #model: Model
  readonly #choice: Float16Choice
  readonly #facts: TypeInference
  readonly #names: FreshNames
  /** The other-precision twin of a value: made once, read by all. */
  readonly #casts = new Map<Value, Value>()
  /** Values that hold float16 now. */
  readonly #halfValues = new Set<Value>()

  constructor(model: Model, facts: TypeInference, choice: Float16Choice) {
    this.#model = model
    this.#choice = choice
    this.#facts = facts
    this.#names = new FreshNames(model)
  }

  run(): void {
    const { graph } = this.#model
    for (const node of graph.nodes()) {
      const isFloat = [...node.inputs, ...node.outputs].some((value) => this.#isFloat32(value))
      if (!isFloat) continue
      const reason = this.#choice.obstacle(node, this.#facts)
      if (reason === null) this.half.add(node)
      else this.declined.push({ rule: 'float16', node: labelOf(node), reason })
    }
    const outputs = [...graph.outputs]
    this.#convertInputs()
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
      if (this.#choice.keepsType(value)) continue
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
    if (!this.#halfValues.has(value) || !this.#choice.keepsType(value)) return
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

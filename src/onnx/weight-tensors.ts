// The weights of a model: constants that hold what was learnt, floating-point or quantized. Shapes, indices, bounds, scales and zero
// points are none.

import type { DataType } from './ir/data-type.ts'
import { DATA_TYPES } from './ir/data-type.ts'
import type { Graph } from './ir/graph.ts'
import type { Model } from './ir/model.ts'
import type { Node } from './ir/node.ts'
import type { SparseTensor, Tensor } from './ir/tensor.ts'
import { tensorSize } from './ir/tensor.ts'
import type { Use, Value } from './ir/value.ts'
import { isSetting, quantizedInput } from './operators/constant-roles.ts'

/** Integers that Cast and Mul turn into weights, where no operator says that they are quantized. */
const STORED: ReadonlySet<DataType> = new Set<DataType>([
  'int8',
  'uint8',
  'int4',
  'uint4',
  'int16',
  'uint16',
  'int2',
  'uint2',
])

export interface WeightTensor {
  /** The initializer, or the output of a Constant node. */
  readonly value: Value
  /** What is stored: of a sparse initializer, the values that are not left out. */
  readonly tensor: Tensor
  /** Elements, those that a sparse initializer leaves out included. */
  readonly size: number
  /** The input that reads it as quantized weights; `none`: the elements are the weights. */
  readonly quantizedBy: Use | 'none'
}

/**
 * Each once, those of subgraphs, function bodies and Constant nodes included; single numbers in Constant nodes are settings.
 * What no node reads is no weight.
 */
export function* weightTensors(model: Model): Generator<WeightTensor> {
  yield* weightsIn(model.graph)
  for (const { body } of model.functions) yield* weightsIn(body)
}

function* weightsIn(graph: Graph): Generator<WeightTensor> {
  for (const value of graph.initializers.values()) yield* asWeight(value)
  for (const node of graph.nodes()) {
    const value = node.is('Constant') ? node.output(0) : null
    const held = value === null ? null : heldTensor(value)
    if (value !== null && held !== null && tensorSize(held) !== 1) yield* asWeight(value)
    for (const inner of node.subgraphs()) yield* weightsIn(inner)
  }
}

function* asWeight(value: Value): Generator<WeightTensor> {
  const held = heldTensor(value)
  if (held === null) return
  const tensor = held.kind === 'tensor' ? held : held.values
  for (const use of readersOf(value)) {
    const reading = weightReading(use, tensor)
    if (reading === 'none') continue
    const quantizedBy = reading === 'quantized' ? use : 'none'
    yield { value, tensor, size: tensorSize(held), quantizedBy }
    return
  }
}

/** The constant that a value holds: an initializer, or what a Constant node makes. */
export function heldTensor(value: Value): Tensor | SparseTensor | null {
  if (value.initializer !== null) return value.initializer
  const { producer } = value
  if (producer?.is('Constant') !== true) return null
  for (const name of ['value', 'sparse_value']) {
    const attribute = producer.attributes.get(name)
    if (attribute?.type === 'tensor' || attribute?.type === 'sparse_tensor') return attribute.value
  }
  return null
}

/** Operators that move integers without computing with them: the weight's reader is behind them. */
const CARRIERS = ['Identity', 'Reshape', 'Transpose', 'Squeeze', 'Unsqueeze', 'Flatten', 'Gather']

function readersOf(value: Value): Use[] {
  const readers: Use[] = []
  const seen = new Set<Value>([value])
  const open = [value]
  for (let current = open.pop(); current !== undefined; current = open.pop()) {
    for (const use of current.uses) {
      const output = use.index === 0 && use.node.is(...CARRIERS) ? use.node.output(0) : null
      if (output === null || output.uses.size === 0) readers.push(use)
      else if (!seen.has(output)) {
        seen.add(output)
        open.push(output)
      }
    }
  }
  return readers
}

function weightReading({ node, index }: Use, tensor: Tensor): 'plain' | 'quantized' | 'none' {
  if (isSetting(node, index)) return 'none'
  const { family } = DATA_TYPES[tensor.dtype]
  if (family === 'float') return isScale(node) ? 'none' : 'plain'
  if (quantizedInput(node, index) !== null) return 'quantized'
  return STORED.has(tensor.dtype) && node.is('Cast') ? 'plain' : 'none'
}

/** A Mul by the scale of a stored integer, or of a quantizer at run time. */
function isScale(node: Node): boolean {
  if (!node.is('Mul')) return false
  return node.inputs.some((input) => {
    const maker = input?.producer ?? null
    if (maker === null) return false
    if (maker.is('DynamicQuantizeLinear')) return true
    return maker.is('Cast') && isStoredInteger(maker.input(0))
  })
}

function isStoredInteger(value: Value | null): boolean {
  const dtype = value?.constant?.dtype
  return dtype !== undefined && STORED.has(dtype)
}

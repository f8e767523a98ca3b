// The weights of a model: constants that hold what was learnt, floating-point or quantized. Shapes, indices, bounds, scales and zero
// points are none.

import type { Model } from './ir/model.ts'
import type { Node } from './ir/node.ts'
import type { DataType } from './ir/data-type.ts'
import { DATA_TYPES } from './ir/data-type.ts'
import type { Graph } from './ir/graph.ts'
import type { Tensor } from './ir/tensor.ts'
import { tensorSize } from './ir/tensor.ts'
import type { Use, Value } from './ir/value.ts'
import { elementChunks } from './element-chunks.ts'

/** Inputs that parametrize the operator instead of being learnt. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = {
  QuantizeLinear: [1, 2],
  DequantizeLinear: [1, 2],
  QLinearConv: [1, 2, 4, 5, 6, 7],
  QLinearMatMul: [1, 2, 4, 5, 6, 7],
  MatMulInteger: [2, 3],
  ConvInteger: [2, 3],
  Clip: [1, 2],
  Pad: [1, 2],
  Resize: [1, 2],
  Upsample: [1],
  Pow: [1],
  Range: [0, 1, 2],
  Dropout: [1],
}

const QUANTIZED: readonly DataType[] = [
  'int8',
  'uint8',
  'int4',
  'uint4',
  'int16',
  'uint16',
  'int2',
  'uint2',
]

export interface WeightTensor {
  /** The initializer, or the output of a Constant node. */
  readonly value: Value
  readonly tensor: Tensor
}

/** Each once, those of subgraphs and of Constant nodes included; single numbers in Constant nodes are settings. */
export function* weightTensors(model: Model): Generator<WeightTensor> {
  yield* weightsIn(model.graph)
}

function* weightsIn(graph: Graph): Generator<WeightTensor> {
  for (const value of graph.initializers.values()) {
    const tensor = heldTensor(value)
    if (tensor !== null && isWeight(value)) yield { value, tensor }
  }
  for (const node of graph.nodes()) {
    const value = node.is('Constant') ? node.output(0) : null
    const tensor = value === null ? null : heldTensor(value)
    const settles = tensor !== null && tensorSize(tensor) === 1
    if (value !== null && tensor !== null && !settles && isWeight(value)) yield { value, tensor }
    for (const inner of node.subgraphs()) yield* weightsIn(inner)
  }
}

/** The dense constant that a value holds: an initializer's, or a sparse one's values, or a Constant node's. */
function heldTensor(value: Value): Tensor | null {
  if (value.initializer?.kind === 'tensor') return value.initializer
  if (value.initializer?.kind === 'sparse_tensor') return value.initializer.values
  const attribute =
    value.producer?.is('Constant') === true ? value.producer.attributes.get('value') : undefined
  return attribute?.type === 'tensor' ? attribute.value : null
}

export function isWeight(value: Value): boolean {
  const tensor = heldTensor(value)
  return tensor !== null && [...value.uses].some((use) => isWeightUse(use, tensor))
}

function isWeightUse({ node, index }: Use, tensor: Tensor): boolean {
  if (SETTINGS[node.opType]?.includes(index)) return false
  const { family } = DATA_TYPES[tensor.dtype]
  if (family === 'float') return !isScale(node)
  if (node.is('DequantizeLinear')) return index === 0
  return QUANTIZED.includes(tensor.dtype)
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
  return dtype !== undefined && QUANTIZED.includes(dtype)
}

export interface WeightCounts {
  readonly parameters: number
  readonly nonzero: number
}

export function countWeights(weights: Iterable<WeightTensor>): WeightCounts {
  let parameters = 0
  let nonzero = 0
  for (const { tensor } of weights) {
    parameters += tensorSize(tensor)
    nonzero += nonzeroElements(tensor)
  }
  return { parameters, nonzero }
}

function nonzeroElements(tensor: Tensor): number {
  const negativeZero = tensor.dtype === 'float16' || tensor.dtype === 'bfloat16' ? 0x8000 : 0
  let count = 0
  for (const chunk of elementChunks(tensor)) {
    if (typeof chunk[0] === 'bigint') {
      for (const value of chunk) count += Number(value !== 0n)
      continue
    }
    for (let index = 0; index < chunk.length; index += 1) {
      const value = chunk[index]
      if (value !== 0 && value !== negativeZero) count += 1
    }
  }
  return count
}

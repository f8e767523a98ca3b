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
import { elements } from './tensor-values.ts'

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

/** Each once, those of subgraphs included. */
export function* weightTensors(model: Model): Generator<Value> {
  yield* weightsIn(model.graph)
}

function* weightsIn(graph: Graph): Generator<Value> {
  for (const value of graph.initializers.values()) if (isWeight(value)) yield value
  for (const node of graph.nodes()) {
    for (const inner of node.subgraphs()) yield* weightsIn(inner)
  }
}

export function isWeight(value: Value): boolean {
  const tensor = value.initializer
  if (tensor?.kind !== 'tensor') return false
  return [...value.uses].some((use) => isWeightUse(use, tensor))
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

export function countWeights(values: Iterable<Value>): WeightCounts {
  let parameters = 0
  let nonzero = 0
  for (const value of values) {
    const tensor = value.initializer
    if (tensor?.kind !== 'tensor') continue
    parameters += tensorSize(tensor)
    nonzero += nonzeroElements(tensor)
  }
  return { parameters, nonzero }
}

function nonzeroElements(tensor: Tensor): number {
  const values = elements(tensor)
  const negativeZero = tensor.dtype === 'float16' || tensor.dtype === 'bfloat16' ? 0x8000 : 0
  let count = 0
  for (const value of values) {
    if (Number(value) !== 0 && Number(value) !== negativeZero) count += 1
  }
  return count
}

// How many weights there are, and how many of them are not zero. Large tensors are read in parts.

import { ChunkBuffer, elementChunks } from './element-chunks.ts'
import { DATA_TYPES } from './ir/data-type.ts'
import type { Node } from './ir/node.ts'
import type { Tensor } from './ir/tensor.ts'
import { tensorSize } from './ir/tensor.ts'
import type { Value } from './ir/value.ts'
import { operatorKey, quantizedInput } from './operators/constant-roles.ts'
import { packedWeights } from './packed-weights.ts'
import { finish, scanTensor } from './scan-tensor.ts'
import { intValues } from './tensor-values.ts'
import type { WeightTensor } from './weight-tensors.ts'
import { heldTensor } from './weight-tensors.ts'

export interface WeightCounts {
  readonly parameters: number
  /** Elements that stand for a number other than 0: of quantized weights, those unlike their zero point. */
  readonly nonzero: number
}

/** What one pass over the elements of a weight tells. */
export interface WeightScan extends WeightCounts {
  readonly nonFinite: number
}

export function countWeights(weights: Iterable<WeightTensor>): WeightCounts {
  const buffer = new ChunkBuffer()
  let parameters = 0
  let nonzero = 0
  for (const weight of weights) {
    const counts = finish(scanWeight(weight, buffer))
    parameters += counts.parameters
    nonzero += counts.nonzero
  }
  return { parameters, nonzero }
}

/** Stops after every chunk. */
export function* scanWeight(
  { tensor, size, quantizedBy }: WeightTensor,
  buffer: ChunkBuffer,
): Generator<undefined, WeightScan> {
  const stored = tensorSize(tensor)
  if (quantizedBy !== 'none') {
    const { node, index } = quantizedBy
    const packed = packedWeights(node, tensor)
    if (packed !== null) return { ...packed, nonFinite: 0 }
    const points = zeroPoints(node, index, tensor)
    if (points !== null) {
      const zeros = yield* elementsAt(tensor, points, buffer)
      return { parameters: size, nonzero: stored - zeros, nonFinite: 0 }
    }
  }
  const { zeros, nonFinite } = yield* scanTensor(tensor, buffer)
  return { parameters: size, nonzero: stored - zeros, nonFinite }
}

/** A zero point for each index of one axis: element i has the one at ⌊i / stride⌋ mod n. */
interface ZeroPoints {
  readonly values: readonly number[]
  readonly stride: number
}

/** `null`: zero points are 0, or not known to be anything else. */
function zeroPoints(node: Node, input: number, tensor: Tensor): ZeroPoints | null {
  const place = quantizedInput(node, input)?.zeroPoint ?? 'none'
  const points = place === 'none' ? null : constantIntegers(node.input(place))
  if (points === null || points.every((point) => point === 0)) return null
  if (points.length === 1) return { values: points, stride: 1 }
  const axis = channelAxis(node, tensor.dims.length)
  if (tensor.dims[axis] !== points.length) return null
  const stride = tensor.dims.slice(axis + 1).reduce((product, size) => product * size, 1)
  return { values: points, stride: Math.max(1, stride) }
}

function constantIntegers(value: Value | null): number[] | null {
  const held = value === null ? null : heldTensor(value)
  if (held?.kind !== 'tensor') return null
  const { family } = DATA_TYPES[held.dtype]
  return family === 'signed' || family === 'unsigned' ? intValues(held) : null
}

function channelAxis(node: Node, rank: number): number {
  switch (operatorKey(node)) {
    case 'DequantizeLinear':
    case 'com.microsoft.DequantizeLinear': {
      const axis = node.int('axis', 1)
      return axis < 0 ? axis + rank : axis
    }
    case 'QLinearConv':
    case 'ConvInteger':
    case 'com.microsoft.QLinearConv':
      return 0
    default:
      return rank - 1
  }
}

function* elementsAt(
  tensor: Tensor,
  { values, stride }: ZeroPoints,
  buffer: ChunkBuffer,
): Generator<undefined, number> {
  let found = 0
  let position = 0
  for (const chunk of elementChunks(tensor, buffer)) {
    for (let index = 0; index < chunk.length; index += 1) {
      const channel = Math.floor((position + index) / stride) % values.length
      if (chunk[index] === values[channel]) found += 1
    }
    position += chunk.length
    yield
  }
  return found
}

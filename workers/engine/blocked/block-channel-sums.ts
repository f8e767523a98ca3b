// Sums over the places of each channel: Reshape to [N, C, places], ReduceSum over the last.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { intValues } from '#src/onnx/tensor-values'
import type { BlockedGraph } from './blocked-graph.ts'

const FLAT = '0,0,-1'

export function blockChannelSums(blocked: BlockedGraph, node: Node): boolean {
  if (isPlanes(blocked, node)) {
    const readers = node.output(0)?.consumers() ?? []
    return readers.length > 0 && readers.every(isSumOfPlaces)
  }
  const planes = node.input(0)?.producer ?? null
  const [value, output] = [planes?.input(0) ?? null, node.output(0)]
  if (planes === null || value === null || output === null) return false
  if (!isPlanes(blocked, planes) || !isSumOfPlaces(node)) return false
  node.graph?.replaceUses(output, placeSums(blocked, value))
  return true
}

/** [N, C] of a value that is blocked; products are summed where they are made. */
export function placeSums(blocked: BlockedGraph, value: Value): Value {
  const { g, kernels } = blocked
  const dims = blocked.dims(value) ?? []
  const [samples = 1, channels = 1, height = 1, width = 1] = dims
  const product = value.producer
  const [one, other] = [product?.input(0) ?? null, product?.input(1) ?? null]
  const isProduct = product?.is('Mul') === true && value.consumers().length === 1
  if (isProduct && one !== null && other !== null) {
    const isWhole = [one, other].every((factor) => blocked.dims(factor)?.join() === dims.join())
    if (isWhole) {
      return productSums(blocked, blocked.blocked(one), blocked.blocked(other), dims)
    }
  }
  const rows = (samples * channels) / kernels.block
  const shape = g.ints([rows, height * width, kernels.block])
  const sums = g.reduceSum(g.op('Reshape', [blocked.blocked(value), shape]), [1], false)
  return g.op('Reshape', [sums, g.ints([samples, channels])])
}

/** Σ x·y over the places, [N, C], of blocked values of these sizes. */
export function productSums(
  { kernels }: BlockedGraph,
  x: Value,
  y: Value,
  dims: readonly number[],
): Value {
  const [samples = 1, channels = 1, height = 1, width = 1] = dims
  const [one, none] = [
    [1, 1],
    [0, 0],
  ]
  const whole = { kernel: [height, width], strides: one, dilations: one, begin: none, end: none }
  return kernels.reshape(kernels.correlate(x, y, dims, whole), [samples, channels])
}

function isPlanes(blocked: BlockedGraph, node: Node): boolean {
  const [value, shape, output] = [node.input(0), node.input(1)?.constant ?? null, node.output(0)]
  if (!node.is('Reshape') || shape === null || output === null) return false
  const channels = blocked.dims(value)?.[1] ?? 0
  const isWhole = channels % blocked.kernels.block === 0
  return isWhole && blocked.isNative(value) && intValues(shape).join() === FLAT
}

function isSumOfPlaces(node: Node): boolean {
  const axes = node.input(1)?.constant ?? null
  if (!node.is('ReduceSum') || axes === null || node.int('keepdims', 1) !== 0) return false
  return intValues(axes).join() === '2' && node.output(0)?.isGraphOutput === false
}

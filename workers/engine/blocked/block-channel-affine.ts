// What takes every channel by a number of its own: on blocked tensors a convolution of one place and one channel.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { floatValues } from '#src/onnx/tensor-values'
import type { BlockedGraph } from './blocked-graph.ts'

/** slope·value + offset, vectors of channels. */
interface Affine {
  readonly value: Value
  readonly slope: Value
  readonly offset: Value | null
}

/** Of a value that is blocked already. */
export function blockChannelAffine(blocked: BlockedGraph, node: Node): boolean {
  const output = node.output(0)
  const dims = blocked.dims(output)
  if (output === null || dims?.length !== 4 || blocked.isBound(output)) return false
  const channels = dims[1] ?? 0
  if (channels % blocked.kernels.block !== 0) return false
  const centred = blocked.centredBy(node.input(0), node.input(1))
  if (node.is('Sub') && centred !== null) {
    blocked.replace(output, centred)
    return true
  }
  const affine = ofNorm(blocked, node, channels) ?? ofOperands(blocked, node, channels)
  if (affine === null) return false
  const { value, slope, offset } = affine
  blocked.replace(output, blocked.kernels.affine(blocked.blocked(value), channels, slope, offset))
  return true
}

/** With statistics that it is given. */
function ofNorm(blocked: BlockedGraph, node: Node, channels: number): Affine | null {
  const [value, scale, bias, mean, variance] = [0, 1, 2, 3, 4].map((index) => node.input(index))
  const isNorm = node.is('BatchNormalization') && node.int('training_mode', 0) === 0
  if (!isNorm || !value || !scale || !bias || !mean || !variance) return null
  if (!blocked.isNative(value)) return null
  const { g } = blocked
  const epsilon = node.float('epsilon', 1e-5)
  if (epsilon === 0 && isFilled(mean, 0) && isFilled(variance, 1)) {
    return { value, slope: scale, offset: bias }
  }
  const shifted = g.add(variance, g.filled([channels], epsilon))
  const slope = g.div(scale, g.op('Sqrt', [shifted]))
  return { value, slope, offset: g.sub(bias, g.mul(mean, slope)) }
}

function isFilled({ constant }: Value, number: number): boolean {
  return constant !== null && floatValues(constant).every((element) => element === number)
}

function ofOperands(blocked: BlockedGraph, node: Node, channels: number): Affine | null {
  const [one, other] = [node.input(0), node.input(1)]
  if (!node.is('Add', 'Sub', 'Mul') || one === null || other === null) return null
  const isTurned = isVector(blocked, one, channels)
  const [value, vector] = isTurned ? [other, one] : [one, other]
  if (!blocked.isNative(value) || !isVector(blocked, vector, channels)) return null
  const { g } = blocked
  const flat = g.op('Reshape', [vector, g.ints([channels])])
  if (node.is('Mul')) return { value, slope: flat, offset: null }
  const isTaken = node.is('Sub') && !isTurned
  return {
    value,
    slope: g.filled([channels], node.is('Sub') && isTurned ? -1 : 1),
    offset: isTaken ? g.neg(flat) : flat,
  }
}

/** [C, 1, 1] or [1, C, 1, 1]. */
function isVector(blocked: BlockedGraph, value: Value, channels: number): boolean {
  const dims = blocked.dims(value)
  const [rows, columns] = dims?.slice(-2) ?? []
  const isOne = rows === 1 && columns === 1 && dims?.at(-3) === channels
  return isOne && dims.slice(0, -3).every((size) => size === 1)
}

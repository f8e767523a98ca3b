// y = s·op(x) + t per output channel, folded into the weights and bias of the linear operator: W' = s·W, b' = s·b + t.

import { typedTensor } from '#src/onnx/ir/tensor'
import type { Node } from '#src/onnx/ir/node'
import { float32Constant } from './constants.ts'
import type { FreshNames } from './fresh-names.ts'

export interface ChannelAffine {
  /** One factor per output channel. */
  readonly scale: ArrayLike<number>
  /** One addend per output channel. */
  readonly shift: ArrayLike<number>
}

/** Output channels of a Conv, ConvTranspose or Gemm with constant float32 weights; `null` for other nodes. */
export function outputChannels(node: Node): number | null {
  const dims = node.input(1)?.constant?.dims
  if (dims === undefined || float32Constant(node.input(1)) === null) return null
  if (node.is('Conv')) return dims[0] ?? null
  if (node.is('ConvTranspose')) return (dims[1] ?? 0) * node.int('group', 1)
  if (node.is('Gemm')) return dims[node.int('transB', 0) === 1 ? 0 : 1] ?? null
  return null
}

/** Changes weights and bias of `node`. Gives the reason when they must not be changed, else `null`. */
export function foldAffine(node: Node, affine: ChannelAffine, names: FreshNames): string | null {
  const weight = node.input(1)
  const values = float32Constant(weight)
  const channels = outputChannels(node)
  if (weight === null || values === null || channels === null || node.graph === null) {
    return 'its weights are no float32 constant'
  }
  if (weight.uses.size > 1) return 'its weights are shared'
  const bias = node.input(2)
  const oldBias = bias === null ? new Float32Array(channels) : biasOf(node, channels)
  if (oldBias === null) return 'its bias is no constant with one element per output channel'
  const dims = weight.constant?.dims ?? []
  const factorOf = channelIndex(node, dims)
  const newValues = new Float32Array(values.length)
  for (let index = 0; index < values.length; index += 1) {
    newValues[index] = (values[index] ?? 0) * (affine.scale[factorOf(index)] ?? 1)
  }
  const newBias = Float32Array.from(
    oldBias,
    (value, channel) => value * (affine.scale[channel] ?? 1) + (affine.shift[channel] ?? 0),
  )
  if (!newValues.every(Number.isFinite) || !newBias.every(Number.isFinite)) {
    return 'the folded weights would not be finite'
  }
  const { graph } = node
  const weightName = names.make(weight.name)
  node.setInput(1, graph.addInitializer(typedTensor(weightName, 'float32', dims, newValues)))
  const biasName = names.make(bias?.name ?? `${weight.name}_bias`)
  node.setInput(2, graph.addInitializer(typedTensor(biasName, 'float32', [channels], newBias)))
  return null
}

function biasOf(node: Node, channels: number): Float32Array | null {
  const values = float32Constant(node.input(2))
  if (values === null) return null
  if (node.is('Gemm') && values.length === 1) return new Float32Array(channels).fill(values[0] ?? 0)
  return values.length === channels ? values : null
}

/** Which output channel the weight element at a flat index belongs to. */
function channelIndex(node: Node, dims: readonly number[]): (index: number) => number {
  const size = (from: number): number => dims.slice(from).reduce((product, dim) => product * dim, 1)
  if (node.is('Conv')) return (index) => Math.floor(index / size(1))
  if (node.is('ConvTranspose')) {
    const perGroup = dims[1] ?? 1
    const inputsPerGroup = (dims[0] ?? 1) / node.int('group', 1)
    return (index) => {
      const group = Math.floor(Math.floor(index / size(1)) / inputsPerGroup)
      return group * perGroup + (Math.floor(index / size(2)) % perGroup)
    }
  }
  const columns = dims[1] ?? 1
  return node.int('transB', 0) === 1
    ? (index) => Math.floor(index / columns)
    : (index) => index % columns
}

// Convolutions seen from their input: what a factor or an addend per input channel does to weights and bias.

import type { Node } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import { float32Constant } from './constants.ts'
import type { FreshNames } from './fresh-names.ts'

/** Input channels of a Conv with constant float32 weights of its own; `null` for other nodes. */
export function inputChannels(node: Node): number | null {
  const weight = node.input(1)
  const dims = weight?.constant?.dims
  if (!node.is('Conv') || weight === null || dims === undefined) return null
  if (float32Constant(weight) === null || weight.uses.size > 1) return null
  return (dims[1] ?? 0) * node.int('group', 1)
}

/** Whether every output sees all of the window: nothing is padded. */
export function isUnpadded(node: Node): boolean {
  const isNamed = ['NOTSET', 'VALID'].includes(node.string('auto_pad', 'NOTSET'))
  return isNamed && (node.ints('pads') ?? []).every((pad) => pad === 0)
}

/** W'[m, c, …] = W[m, c, …]·s[c]. */
export function scaleInputs(node: Node, scale: ArrayLike<number>, names: FreshNames): void {
  const weight = node.input(1)
  const [values, dims] = [float32Constant(weight), weight?.constant?.dims]
  if (weight === null || values === null || dims === undefined || node.graph === null) return
  const channelOf = inputChannelOf(node, dims)
  const scaled = values.map((value, index) => value * (scale[channelOf(index)] ?? 1))
  const name = names.make(weight.name)
  node.setInput(1, node.graph.addInitializer(typedTensor(name, 'float32', dims, scaled)))
}

/** b'[m] = b[m] + Σ W[m, c, …]·t[c], for an unpadded node. Gives `false` when its bias is no constant. */
export function shiftInputs(node: Node, shift: ArrayLike<number>, names: FreshNames): boolean {
  const weight = node.input(1)
  const [values, dims] = [float32Constant(weight), weight?.constant?.dims]
  if (weight === null || values === null || dims === undefined || node.graph === null) return false
  const outputs = dims[0] ?? 0
  const old = node.input(2)
  const bias = old === null ? new Float32Array(outputs) : float32Constant(old)
  if (bias?.length !== outputs) return false
  const sums = Float64Array.from(bias)
  const channelOf = inputChannelOf(node, dims)
  const perOutput = values.length / outputs
  values.forEach((value, index) => {
    const output = Math.floor(index / perOutput)
    sums[output] = (sums[output] ?? 0) + value * (shift[channelOf(index)] ?? 0)
  })
  const name = names.make(old?.name ?? `${weight.name}_bias`)
  const made = typedTensor(name, 'float32', [outputs], Float32Array.from(sums))
  node.setInput(2, node.graph.addInitializer(made))
  return true
}

/** Weights are [M, C/g, k…]; output m belongs to group ⌊m·g/M⌋. */
function inputChannelOf(node: Node, dims: readonly number[]): (index: number) => number {
  const within = dims[1] ?? 1
  const window = dims.slice(2).reduce((product, dim) => product * dim, 1)
  const perGroup = (dims[0] ?? 1) / node.int('group', 1)
  return (index) => {
    const output = Math.floor(index / (within * window))
    return Math.floor(output / perGroup) * within + (Math.floor(index / window) % within)
  }
}

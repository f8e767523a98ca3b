// Channels filled up with zeros to a multiple of 16, the width of kernels for blocked and for integer layouts, which are several
// times slower otherwise. Exact: the dense convolutions that read the new channels have zeros for them.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { ChannelGroup } from './channel-groups.ts'
import { channelGroups } from './channel-groups.ts'
import { float32Constant } from './constants.ts'
import { FreshNames } from './fresh-names.ts'

const WIDTH = 16

/** Fewer channels are left: what computes on them is small. */
const LEAST = 8

/** Above `WIDTH`, channels grow by this share at most. */
const GROWTH = 1.34

/** Changes the model in place. Gives how many groups of channels were padded. */
export function padChannels(model: Model): number {
  const names = new FreshNames(model)
  let padded = 0
  for (const group of channelGroups(model)) {
    const wanted = Math.ceil(group.channels / WIDTH) * WIDTH
    if (!isWorthwhile(group, wanted)) continue
    for (const node of group.makers) padWeight(node, 0, wanted, names)
    for (const node of group.depthwise) {
      padWeight(node, 0, wanted, names)
      node.attributes.set('group', intAttribute('group', wanted))
    }
    for (const node of group.readers) padWeight(node, 1, wanted, names)
    for (const value of group.values) value.type = null
    padded += 1
  }
  return padded
}

function isWorthwhile({ channels, isSpatial }: ChannelGroup, wanted: number): boolean {
  if (!isSpatial || channels === wanted || channels < LEAST) return false
  return channels < WIDTH || wanted <= channels * GROWTH
}

/** Outputs, with the bias, for axis 0; inputs for axis 1. */
function padWeight(node: Node, axis: 0 | 1, wanted: number, names: FreshNames): void {
  const weight = node.input(1)
  const [values, dims] = [float32Constant(weight), weight?.constant?.dims]
  if (weight === null || values === null || dims === undefined || node.graph === null) return
  const grown = dims.map((dim, at) => (at === axis ? wanted : dim))
  const rows = axis === 0 ? 1 : (dims[0] ?? 1)
  const [from, to] = [values.length / rows, (values.length / rows / (dims[axis] ?? 1)) * wanted]
  const filled = new Float32Array(rows * to)
  for (let row = 0; row < rows; row += 1) {
    filled.set(values.subarray(row * from, (row + 1) * from), row * to)
  }
  const made = typedTensor(names.make(weight.name), 'float32', grown, filled)
  node.setInput(1, node.graph.addInitializer(made))
  const bias = node.input(2)
  const old = float32Constant(bias)
  if (axis === 1 || bias === null || old === null) return
  const longer = new Float32Array(wanted)
  longer.set(old)
  const longBias = typedTensor(names.make(bias.name), 'float32', [wanted], longer)
  node.setInput(2, node.graph.addInitializer(longBias))
}

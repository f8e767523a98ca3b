// A convolution on blocked channels.

import type { Node } from '#src/onnx/ir/node'
import type { BlockedConv } from '../ops/blocked-conv.ts'
import { blockedConvFault, isPlainInput } from '../ops/blocked-conv.ts'
import type { BlockedGraph } from './blocked-graph.ts'

/** The runtime lays out channels in fours. */
const FOUR = 4

export function blockConv(blocked: BlockedGraph, node: Node): boolean {
  const [input, weight, bias, output] = [
    node.input(0),
    node.input(1),
    node.input(2),
    node.output(0),
  ]
  if (!node.is('Conv') || input === null || weight === null || output === null) return false
  const [x, w, y] = [blocked.dims(input), blocked.dims(weight), blocked.dims(output)]
  if (x?.length !== 4 || w?.length !== 4 || y?.length !== 4 || blocked.isBound(output)) return false
  const conv = padded(blocked, node, x, w)
  const { kernels, g } = blocked
  if (conv === null || blockedConvFault(conv, kernels.block) !== null) return false
  const [outputs, within] = conv.weight
  const pads = [0, 0, 0, 0, outputs - (w[0] ?? 0), within - (w[1] ?? 0), 0, 0]
  const filled = pads.every((pad) => pad === 0) ? weight : g.op('Pad', [weight, g.ints(pads)])
  const from = isPlainInput(conv, kernels.block) ? blocked.plain(input) : blocked.blocked(input)
  const more = outputs - (w[0] ?? 0)
  const offset = bias === null || more === 0 ? bias : g.op('Pad', [bias, g.ints([0, more])])
  blocked.replace(output, kernels.conv(conv, from, kernels.blockWeight(conv, filled), offset))
  return true
}

/** With channels in whole blocks; `null` where that cannot be had. */
function padded(
  { kernels }: BlockedGraph,
  node: Node,
  [, channels = 0]: readonly number[],
  [outputs = 0, within = 0, ...kernel]: readonly number[],
): BlockedConv | null {
  const group = node.int('group', 1)
  if (node.string('auto_pad', 'NOTSET') !== 'NOTSET') return null
  const ones = kernel.map(() => 1)
  const pads = node.ints('pads') ?? kernel.flatMap(() => [0, 0])
  const window = {
    kernel,
    strides: node.ints('strides') ?? ones,
    dilations: node.ints('dilations') ?? ones,
    begin: pads.slice(0, kernel.length),
    end: pads.slice(kernel.length),
  }
  const [height = 0, width = 0] = kernel
  if (group !== 1) return { window, group, channels, weight: [outputs, within, height, width] }
  const isFew = channels < kernels.block
  if (!isFew && channels % FOUR !== 0) return null
  const into = isFew ? channels : kernels.padded(channels)
  return { window, group, channels: into, weight: [kernels.padded(outputs), into, height, width] }
}

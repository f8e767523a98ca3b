// A convolution on blocked channels, where it is faster there: `node dist/bench/training-kernels.js` prints what the rules are made of.

import type { Node } from '#src/onnx/ir/node'
import type { BlockedConv } from '../ops/blocked-conv.ts'
import { blockedConvFault, isPlainInput } from '../ops/blocked-conv.ts'
import type { BlockedGraph } from './blocked-graph.ts'

/**
 * Channels must be whole blocks: filled up to those, dense layers of 3×3 take as long as plain ones and those of 1×1 up to 1.4 times.
 * A layer of 1×1 is a matrix product either way: it goes blocked where its input is so, which saves laying that out.
 */
export function blockConv(blocked: BlockedGraph, node: Node): boolean {
  const [input, weight, bias, output] = [
    node.input(0),
    node.input(1),
    node.input(2),
    node.output(0),
  ]
  if (!node.is('Conv') || input === null || weight === null || output === null) return false
  const { kernels } = blocked
  const conv = convOf(node, blocked.dims(input), blocked.dims(weight))
  if (conv === null || blocked.isBound(output)) return false
  if (blockedConvFault(conv, kernels.block) !== null) return false
  if (isPoint(conv) && !blocked.isNative(input)) return false
  const from = isPlainInput(conv, kernels.block) ? blocked.plain(input) : blocked.blocked(input)
  blocked.replace(output, kernels.conv(conv, from, kernels.blockWeight(conv, weight), bias))
  return true
}

function isPoint({ window: { kernel }, group }: BlockedConv): boolean {
  return group === 1 && kernel.every((size) => size === 1)
}

/** `null` where a size is not known, or follows from what the runtime pads by itself. */
function convOf(
  node: Node,
  x: readonly number[] | null,
  w: readonly number[] | null,
): BlockedConv | null {
  const [outputs, within, rows, columns, ...more] = w ?? []
  if (x?.length !== 4 || columns === undefined || more.length > 0) return null
  if (node.string('auto_pad', 'NOTSET') !== 'NOTSET') return null
  const pads = node.ints('pads') ?? [0, 0, 0, 0]
  const window = {
    kernel: [rows ?? 0, columns],
    strides: node.ints('strides') ?? [1, 1],
    dilations: node.ints('dilations') ?? [1, 1],
    begin: pads.slice(0, 2),
    end: pads.slice(2),
  }
  const weight = [outputs ?? 0, within ?? 0, rows ?? 0, columns] as const
  return { window, group: node.int('group', 1), channels: x[1] ?? 0, weight }
}

// BatchNormalization with the statistics of the batch, of a blocked value.

import type { Node } from '#src/onnx/ir/node'
import type { BlockedGraph } from './blocked-graph.ts'
import { placeSums, productSums } from './block-channel-sums.ts'

/** With m elements per channel: c = x − Σ x ÷ m, variance Σ c² ÷ m, y = scale·c ÷ √(variance + ε) + bias. */
export function blockBatchNorm(blocked: BlockedGraph, node: Node): boolean {
  const [value, scale, bias] = [node.input(0), node.input(1), node.input(2)]
  const [output, mean, variance] = [node.output(0), node.output(1), node.output(2)]
  const dims = blocked.dims(value)
  const isNorm = node.is('BatchNormalization') && node.int('training_mode', 0) === 1
  if (!isNorm || value === null || scale === null || bias === null || output === null) return false
  if (dims?.length !== 4 || !blocked.isNative(value) || blocked.isBound(output)) return false
  const [samples = 1, channels = 1, height = 1, width = 1] = dims
  if (channels % blocked.kernels.block !== 0 || node.float('momentum', 0.9) !== 0) return false
  const { g, kernels } = blocked
  const share = g.filled([channels], 1 / (samples * height * width))
  const own = g.mul(g.reduceSum(placeSums(blocked, value), [0], false), share)
  const one = g.filled([channels], 1)
  const centred = kernels.affine(blocked.blocked(value), channels, one, g.neg(own))
  const squares = g.reduceSum(productSums(blocked, centred, centred, dims), [0], false)
  const spread = g.mul(squares, share)
  const shifted = g.add(spread, g.filled([channels], node.float('epsilon', 1e-5)))
  const slope = g.div(scale, g.op('Sqrt', [shifted]))
  if (mean !== null) {
    node.graph?.replaceUses(mean, own)
    blocked.keepCentred(value, own, centred)
  }
  if (variance !== null) node.graph?.replaceUses(variance, spread)
  blocked.replace(output, kernels.affine(centred, channels, slope, bias))
  return true
}

// Puts convolutions of a step onto the runtime's blocked kernels, and what lies between them onto blocked tensors.

import type { Node } from '#src/onnx/ir/node'
import type { Model } from '#src/onnx/ir/model'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { BLOCKED_DOMAIN } from '../ops/blocked-kernels.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { blockBatchNorm } from './block-batch-norm.ts'
import { blockChannelAffine } from './block-channel-affine.ts'
import { blockChannelSums } from './block-channel-sums.ts'
import { blockConv } from './block-conv.ts'
import { blockElementwise } from './block-elementwise.ts'
import { BlockedGraph } from './blocked-graph.ts'

const RULES = [blockConv, blockElementwise, blockChannelAffine, blockChannelSums, blockBatchNorm]

/** `prefix`: what new names begin with. Sizes, the batch included, must be declared. */
export function blockConvolutions(model: Model, block: number, prefix: string): void {
  const { graph } = model
  const blocked = new BlockedGraph(graph, inferTypes(model), prefix, block)
  blocked.rewrite((node) => {
    if (node.domain === BLOCKED_DOMAIN) return reuse(blocked, node)
    return RULES.some((rule) => rule(blocked, node))
  })
  sweepDeadCode(model)
  if ([...graph.nodes()].some(({ domain }) => domain === BLOCKED_DOMAIN)) {
    model.opsetImports.push({ domain: BLOCKED_DOMAIN, version: 1 })
  }
}

/** What gradients lay out themselves has the twin that its plain value has. */
function reuse(blocked: BlockedGraph, node: Node): boolean {
  const [input, output] = [node.input(0), node.output(0)]
  if (node.opType !== 'ReorderInput' || input === null || output === null) return false
  node.graph?.replaceUses(output, blocked.blocked(input))
  return true
}

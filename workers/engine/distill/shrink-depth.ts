// Depth of a student: whole residual blocks are left out, evenly spread over the stages of the network.

import type { Model } from '#src/onnx/ir/model'
import { droppedBlocks } from '#src/onnx/structure/dropped-blocks'
import type { ResidualBlock } from '#src/onnx/structure/residual-blocks'
import { residualChains } from '#src/onnx/structure/residual-blocks'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { labelOf } from '../rewrite/pass.ts'

export interface DepthDetails {
  readonly blocks: number
  readonly dropped: number
  /** The first node of each block that is left out. */
  readonly dropped_at: readonly string[]
}

/** Leaves out blocks until the share `depth` is left. Blocks that take turns, such as attention and a perceptron, go together. */
export function shrinkDepth(model: Model, types: TypeInference, depth: number): DepthDetails {
  const chains = residualChains(model, types)
  const dropped = droppedBlocks(chains, depth)
  const droppedAt = dropped.map((block) => firstNode(block))
  // What the last one hands on may be what an earlier one makes.
  for (const { entry, exit } of dropped.toReversed()) model.graph.replaceUses(exit, entry)
  sweepDeadCode(model)
  return {
    blocks: chains.reduce((sum, { length }) => sum + length, 0),
    dropped: dropped.length,
    dropped_at: droppedAt,
  }
}

function firstNode({ nodes }: ResidualBlock): string {
  const [first] = nodes
  return first === undefined ? '' : labelOf(first)
}

// Depth of a student: whole residual blocks are left out, evenly spread over the stages of the network.

import type { Model } from '#src/onnx/ir/model'
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

/** Of all groups so far the share `depth` is kept; within a chain the kept ones are spread evenly, from the first on. */
function droppedBlocks(chains: readonly (readonly ResidualBlock[])[], depth: number) {
  let groupsSoFar = 0
  let keptSoFar = 0
  return chains.flatMap((chain) => {
    const period = periodOf(chain)
    const groups = Math.floor(chain.length / period)
    groupsSoFar += groups
    const kept = Math.min(groups, Math.round(depth * groupsSoFar) - keptSoFar)
    keptSoFar += kept
    const keptGroups = new Set(
      Array.from({ length: kept }, (_, index) => Math.floor((index * groups) / kept)),
    )
    return chain
      .slice(0, groups * period)
      .filter((_, index) => !keptGroups.has(Math.floor(index / period)))
  })
}

/** The least number of blocks after which most of them repeat, by their operators; single blocks where none does. */
function periodOf(chain: readonly ResidualBlock[]): number {
  const kinds = chain.map(({ nodes }) => nodes.map(({ opType }) => opType).join())
  if (chain.length === 2) return kinds[0] === kinds[1] ? 1 : 2
  let best = { period: 1, share: 0 }
  for (let period = 1; period <= chain.length / 2; period += 1) {
    const same = kinds.filter((kind, index) => index >= period && kind === kinds[index - period])
    const share = same.length / (chain.length - period)
    if (share > best.share) best = { period, share }
  }
  return best.period
}

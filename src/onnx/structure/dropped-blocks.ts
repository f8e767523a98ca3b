// Which residual blocks a shallower copy of a network leaves out, evenly spread over its stages, and what goes with them.

import type { ResidualBlock } from './residual-blocks.ts'

type Chains = readonly (readonly ResidualBlock[])[]

/**
 * Of all groups so far the share `depth` is kept; within a chain the kept ones are spread evenly, from the first on. Blocks that take
 * turns, such as attention and a perceptron, are one group.
 */
export function droppedBlocks(chains: Chains, depth: number): ResidualBlock[] {
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

/** Names of values that are not there any more without the blocks. An output of the model keeps its name, which what flows on takes over. */
export function namesLost(dropped: readonly ResidualBlock[]): Set<string> {
  const lost = new Set<string>()
  for (const { entry, exit, nodes } of dropped) {
    for (const node of nodes) for (const value of node.outputs) if (value) lost.add(value.name)
    if (!exit.isGraphOutput) continue
    lost.delete(exit.name)
    lost.add(entry.name)
  }
  return lost
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

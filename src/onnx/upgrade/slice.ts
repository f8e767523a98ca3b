// Slice: `starts`, `ends` and `axes` became inputs in opset 10.

import type { Node } from '../ir/node.ts'
import { takeInts } from './attribute-to-input.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

function boundsToInputs(node: Node, context: UpgradeContext): string | null {
  const starts = takeInts(node, 'starts', context)
  const ends = takeInts(node, 'ends', context)
  const axes = takeInts(node, 'axes', context)
  node.setInput(1, starts)
  node.setInput(2, ends)
  if (axes !== null) node.setInput(3, axes)
  return 'starts, ends and axes became inputs'
}

export const sliceUpgrades: readonly OpUpgrade[] = [
  { operators: ['Slice'], opset: 10, apply: boundsToInputs },
]

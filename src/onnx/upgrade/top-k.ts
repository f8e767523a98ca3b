// TopK: `k` became an input in opset 10.

import type { Node } from '../ir/node.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

function countToInput(node: Node, context: UpgradeContext): string | null {
  const k = node.int('k', 0)
  node.attributes.delete('k')
  node.setInput(1, context.int64(node, 'k', [k]))
  return 'k became an input'
}

export const topKUpgrades: readonly OpUpgrade[] = [
  { operators: ['TopK'], opset: 10, apply: countToInput },
]

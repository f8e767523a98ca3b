// DFT: `axis` became an input in opset 20, with another default.

import type { Node } from '../ir/node.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

function axisToInput(node: Node, context: UpgradeContext): string {
  const axis = node.int('axis', 1)
  node.attributes.delete('axis')
  node.setInput(2, context.int64Scalar(node, 'axis', axis))
  return 'the axis became an input'
}

export const dftUpgrades: readonly OpUpgrade[] = [
  { operators: ['DFT'], opset: 20, apply: axisToInput },
]

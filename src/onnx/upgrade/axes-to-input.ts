// `axes` became the second input: Squeeze, Unsqueeze and ReduceSum in opset 13, the other reductions in 18.

import type { Node } from '../ir/node.ts'
import { takeInts } from './attribute-to-input.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

function axesToInput(node: Node, context: UpgradeContext): string | null {
  // An empty list meant 'all axes' for reductions, which is what no input means.
  if (node.ints('axes')?.length === 0) node.attributes.delete('axes')
  const axes = takeInts(node, 'axes', context)
  if (axes === null) return null
  node.setInput(1, axes)
  return 'the axes became an input'
}

export const axesToInputUpgrades: readonly OpUpgrade[] = [
  { operators: ['Squeeze', 'Unsqueeze', 'ReduceSum'], opset: 13, apply: axesToInput },
  {
    operators: [
      'ReduceL1',
      'ReduceL2',
      'ReduceLogSum',
      'ReduceLogSumExp',
      'ReduceMax',
      'ReduceMean',
      'ReduceMin',
      'ReduceProd',
      'ReduceSumSquare',
    ],
    opset: 18,
    apply: axesToInput,
  },
]

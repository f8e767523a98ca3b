// Scatter is called ScatterElements from opset 11 on.

import type { OpUpgrade } from './op-upgrade.ts'

export const scatterUpgrades: readonly OpUpgrade[] = [
  {
    operators: ['Scatter'],
    opset: 11,
    apply: (node) => {
      node.opType = 'ScatterElements'
      return 'Scatter is called ScatterElements'
    },
  },
]

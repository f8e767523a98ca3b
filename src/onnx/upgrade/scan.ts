// Scan: opset 8 ran over a batch with sequence lengths; from 9 on there is neither.

import type { OpUpgrade } from './op-upgrade.ts'

export const scanUpgrades: readonly OpUpgrade[] = [
  {
    operators: ['Scan'],
    opset: 9,
    refuse: () => 'Scan of opset 8 runs over a batch axis, which opset 9 took away',
    apply: () => null,
  },
]

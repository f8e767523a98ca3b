// RNN, GRU, LSTM: `output_sequence` is gone from opset 7 on (which outputs are there says it); `layout` (14) defaults to what was before.

import type { OpUpgrade } from './op-upgrade.ts'

export const recurrentUpgrades: readonly OpUpgrade[] = [
  {
    operators: ['RNN', 'GRU', 'LSTM'],
    opset: 7,
    apply: (node) => (node.attributes.delete('output_sequence') ? 'output_sequence dropped' : null),
  },
]

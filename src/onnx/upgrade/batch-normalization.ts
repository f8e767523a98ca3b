// BatchNormalization: training told by an attribute (6), by the number of outputs (7), by `training_mode` (14); `spatial` gone (9).

import type { Node } from '../ir/node.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'
import { isRead } from './upgrade-context.ts'

/** With one output the node computes inference, whatever opset 6 said in `is_test`: its other case has five. */
function dropTestFlag(node: Node): string | null {
  const had = node.attributes.delete('is_test')
  return had ? 'is_test dropped: the number of outputs says it' : null
}

function refuseStatisticsPerPosition(node: Node, context: UpgradeContext): string | null {
  if (node.int('spatial', 1) !== 0) return null
  // Without spatial axes there is one position, and both meanings agree.
  if (context.rank(node.input(0)) === 2) return null
  return 'spatial=0 (statistics for each position) has no counterpart from opset 9 on'
}

function refuseTraining(node: Node): string | null {
  const statistics = node.outputs.slice(1).some(isRead)
  return statistics ? 'its running statistics are read, so it runs in training mode' : null
}

function dropStatistics(node: Node, context: UpgradeContext): string | null {
  if (node.outputs.length < 2) return null
  for (const index of [...node.outputs.keys()].slice(1)) context.dropOutput(node, index)
  return 'outputs of training mode dropped'
}

export const batchNormalizationUpgrades: readonly OpUpgrade[] = [
  { operators: ['BatchNormalization'], opset: 7, refuse: refuseTraining, apply: dropTestFlag },
  {
    operators: ['BatchNormalization'],
    opset: 9,
    refuse: refuseStatisticsPerPosition,
    apply: (node) => (node.attributes.delete('spatial') ? 'spatial dropped' : null),
  },
  { operators: ['BatchNormalization'], opset: 14, refuse: refuseTraining, apply: dropStatistics },
]

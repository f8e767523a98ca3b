// All upgrades, found by operator and opset.

import { axesToInputUpgrades } from './axes-to-input.ts'
import { batchNormalizationUpgrades } from './batch-normalization.ts'
import { clipUpgrades } from './clip.ts'
import { dftUpgrades } from './dft.ts'
import { dropoutUpgrades } from './dropout.ts'
import { firstOpsetsUpgrades } from './first-opsets.ts'
import { groupNormalizationUpgrades } from './group-normalization.ts'
import { legacyBroadcastUpgrades } from './legacy-broadcast.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import { padUpgrades } from './pad.ts'
import { recurrentUpgrades } from './recurrent.ts'
import { resizeUpgrades } from './resize.ts'
import { samplingUpgrades } from './sampling.ts'
import { scanUpgrades } from './scan.ts'
import { scatterUpgrades } from './scatter.ts'
import { sliceUpgrades } from './slice.ts'
import { softmaxUpgrades } from './softmax.ts'
import { splitUpgrades } from './split.ts'
import { topKUpgrades } from './top-k.ts'
import { upsampleUpgrades } from './upsample.ts'

export const OP_UPGRADES: readonly OpUpgrade[] = [
  ...firstOpsetsUpgrades,
  ...legacyBroadcastUpgrades,
  ...batchNormalizationUpgrades,
  ...recurrentUpgrades,
  ...dropoutUpgrades,
  ...clipUpgrades,
  ...padUpgrades,
  ...sliceUpgrades,
  ...topKUpgrades,
  ...splitUpgrades,
  ...upsampleUpgrades,
  ...resizeUpgrades,
  ...scanUpgrades,
  ...scatterUpgrades,
  ...axesToInputUpgrades,
  ...softmaxUpgrades,
  ...samplingUpgrades,
  ...dftUpgrades,
  ...groupNormalizationUpgrades,
]

const BY_OPERATOR_AND_OPSET = new Map(
  OP_UPGRADES.flatMap((upgrade) =>
    upgrade.operators.map((operator) => [`${operator}@${upgrade.opset}`, upgrade] as const),
  ),
)

/** The upgrade that takes `operator` from opset − 1 to `opset`, or `null` when both definitions agree. */
export function findUpgrade(operator: string, opset: number): OpUpgrade | null {
  return BY_OPERATOR_AND_OPSET.get(`${operator}@${opset}`) ?? null
}

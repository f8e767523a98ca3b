// Which multiples of channels axes keep where nobody says: as coarse as lets go about what single channels would.

import type { Limits, WantedLimits } from './choose-removed.ts'
import type { RemovalPlan } from './plan-removal.ts'

/** Vector kernels hold sixteen float32 at a time, older ones eight or four; in the end every count will do. */
const KERNEL_MULTIPLES = [16, 8, 4, 1]

/** By how much, as a share of it, the multiply-accumulates saved may differ from those that single channels would save. */
const TOLERANCE = 0.15

/** Coarsest first. */
export function limitsToTry({ minChannels, channelMultiple }: WantedLimits): Limits[] {
  const multiples = channelMultiple === 'auto' ? KERNEL_MULTIPLES : [channelMultiple]
  return multiples.map((multiple) => ({ minChannels, channelMultiple: multiple }))
}

/** `plans`: coarsest first. Of those near the last one, and enough where that is, the first. */
export function coarsest(
  plans: readonly RemovalPlan[],
  isEnough: (plan: RemovalPlan) => boolean,
): RemovalPlan {
  const saved = ({ cost, removed }: RemovalPlan) => cost.macs(new Set()) - cost.macs(removed)
  const finest = plans.at(-1)
  if (finest === undefined) throw new Error('no counts to try')
  const wanted = saved(finest)
  const can = isEnough(finest)
  const near = plans.find((plan) => {
    const isNear = Math.abs(saved(plan) - wanted) <= TOLERANCE * wanted
    return isNear && (isEnough(plan) || !can)
  })
  return near ?? finest
}

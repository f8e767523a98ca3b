// Which multiples of channels axes keep where nobody says: as coarse as lets go about what single channels would.

import type { Limits, WantedLimits } from './choose-removed.ts'
import type { RemovalPlan } from './plan-removal.ts'

/** Vector kernels hold sixteen float32 at a time, older ones eight or four; in the end every count will do. */
const KERNEL_MULTIPLES = [16, 8, 4, 1]

/** By how much, as a share of it, the multiply-accumulates saved may differ from those that single channels would save, earlier rounds included. */
const TOLERANCE = 0.15

/** Of the channels that an axis would keep with single ones, at least this share stays: else narrow axes stay whole and wide ones pay for it. */
const LEAST_KEPT = 2 / 3

/** Coarsest first. */
export function limitsToTry({ minChannels, channelMultiple }: WantedLimits): Limits[] {
  const multiples = channelMultiple === 'auto' ? KERNEL_MULTIPLES : [channelMultiple]
  return multiples.map((multiple) => ({ minChannels, channelMultiple: multiple }))
}

/**
 * `plans`: coarsest first. Of those near the last one, and enough where that is, the first. `macsLeft`: of the model before earlier
 * rounds; what they took to a count that suits kernels, a later one need not take off it again.
 */
export function coarsest(
  plans: readonly RemovalPlan[],
  macsLeft: number,
  isEnough: (plan: RemovalPlan) => boolean,
): RemovalPlan {
  const saved = ({ cost, removed }: RemovalPlan) => {
    return cost.macs(new Set()) / macsLeft - cost.macs(removed)
  }
  const finest = plans.at(-1)
  if (finest === undefined) throw new Error('no counts to try')
  const wanted = saved(finest)
  const can = isEnough(finest)
  const near = plans.find((plan) => {
    const isNear = Math.abs(saved(plan) - wanted) <= TOLERANCE * wanted
    return isNear && isEven(plan, finest) && (isEnough(plan) || !can)
  })
  return near ?? finest
}

/** Both plans are about the same axes. */
function isEven(plan: RemovalPlan, finest: RemovalPlan): boolean {
  return finest.units.every(({ atoms }) => {
    const kept = ({ removed }: RemovalPlan) => atoms.filter((atom) => !removed.has(atom)).length
    return kept(plan) >= LEAST_KEPT * kept(finest)
  })
}

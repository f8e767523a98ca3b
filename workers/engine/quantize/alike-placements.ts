// Whether two placements are so much alike that trying both is a waste of time.

import type { StaticCandidate } from './build-candidate.ts'

/** Share of the nodes of the larger one that only one of them has on integers. */
const SHARE = 0.04

type Placed = Pick<StaticCandidate, 'placement' | 'integerNodes'>

export function areAlike(one: Placed, other: Placed): boolean {
  if (isDynamic(one) !== isDynamic(other)) return false
  const [own, others] = [new Set(one.integerNodes), new Set(other.integerNodes)]
  const apart = [...own].filter((name) => !others.has(name)).length
  const missing = [...others].filter((name) => !own.has(name)).length
  return apart + missing <= SHARE * Math.max(own.size, others.size)
}

/** Inputs are quantized while running: the same nodes on integers are another model. */
export function isDynamic({ placement }: Pick<Placed, 'placement'>): boolean {
  return placement === 'products-dynamic'
}

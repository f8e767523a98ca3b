// Whether two placements are so much alike that trying both is a waste of time.

/** Share of the nodes of the larger one that only one of them has on integers. */
const SHARE = 0.04

export function areAlike(one: readonly string[], other: readonly string[]): boolean {
  const [own, others] = [new Set(one), new Set(other)]
  const apart = [...own].filter((name) => !others.has(name)).length
  const missing = [...others].filter((name) => !own.has(name)).length
  return apart + missing <= SHARE * Math.max(own.size, others.size)
}

// Where an entry stands when groups take turns.

export interface WaitingGroup {
  readonly group: string
  readonly waiting: number
}

/**
 * Entries served before the one that has `ahead` others of its own group before it, when every group with waiting
 * entries is served once a round, in this order.
 */
export function positionInTurns(
  groups: readonly WaitingGroup[],
  group: string,
  ahead: number,
): number {
  const own = groups.findIndex((entry) => entry.group === group)
  return groups.reduce((total, { waiting }, index) => {
    if (index === own) return total + ahead
    const turns = index < own ? ahead + 1 : ahead
    return total + Math.min(waiting, turns)
  }, 0)
}

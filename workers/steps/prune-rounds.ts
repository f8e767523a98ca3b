// How much is gone after each round of pruning.

import type { PruneStep } from '#src/recipes/prune'

/** `share`: of what goes in the end, gone after the round. `history`: of the rounds before, `null` in the first. */
export interface PruneRound<History> {
  readonly share: number
  readonly history: History | null
}

/**
 * Shares of what goes in the end, one for each round, rising to 1. `left`: the share that is left in the end, of what is counted.
 * Cubic: 1 − (1 − t)³ of it after the part t of the rounds (Zhu and Gupta, To prune, or not to prune, 2017).
 */
export function roundShares(
  { iterations, schedule }: Pick<PruneStep, 'iterations' | 'schedule'>,
  left: number,
): number[] {
  return Array.from({ length: iterations }, (_, round) => {
    const part = (round + 1) / iterations
    switch (schedule) {
      case 'cubic':
        return 1 - (1 - part) ** 3
      case 'linear':
        return part
      case 'geometric':
        return left >= 1 ? part : (1 - left ** part) / (1 - left)
    }
  })
}

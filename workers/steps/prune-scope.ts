// The scope of a pruning step as the engine takes it.

import type { Scope } from '#engine/prune/choose-removed'
import type { PruneChannelStep } from '#src/recipes/prune'

/** `share`: what of the fractions named goes in this round. */
export function scopeOf(scope: PruneChannelStep['scope'], share: number): Scope {
  if (typeof scope === 'string') return { kind: scope }
  const fractions = Object.entries(scope.per_layer).map(([layer, fraction]) => {
    return [layer, fraction * share] as const
  })
  return { kind: 'per_layer', fractions: new Map(fractions) }
}

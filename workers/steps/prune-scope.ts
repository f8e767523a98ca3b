// The scope of a pruning step as the engine takes it.

import type { Scope } from '#engine/prune/choose-removed'
import type { PruneChannelStep } from '#src/recipes/prune'

export function scopeOf(scope: PruneChannelStep['scope']): Scope {
  if (typeof scope === 'string') return { kind: scope }
  return { kind: 'per_layer', fractions: new Map(Object.entries(scope.per_layer)) }
}

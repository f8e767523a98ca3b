// Clip: `min` and `max` became inputs in opset 11.

import type { Node } from '../ir/node.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

const BOUNDS = ['min', 'max'] as const

function boundsToInputs(node: Node, context: UpgradeContext): string | null {
  const dtype = context.dtype(node.input(0))
  if (dtype === 'none') return null
  let changed = false
  BOUNDS.forEach((bound, index) => {
    const attribute = node.attributes.get(bound)
    if (attribute?.type !== 'float') return
    node.attributes.delete(bound)
    node.setInput(1 + index, context.scalar(node, bound, attribute.value, dtype))
    changed = true
  })
  return changed ? 'min and max became inputs' : null
}

function refuseUnknownType(node: Node, context: UpgradeContext): string | null {
  const bounded = BOUNDS.some((bound) => node.attributes.has(bound))
  if (!bounded || context.dtype(node.input(0)) !== 'none') return null
  return `the element type of '${node.input(0)?.name ?? ''}' is not known, which min and max must have as inputs`
}

export const clipUpgrades: readonly OpUpgrade[] = [
  { operators: ['Clip'], opset: 11, refuse: refuseUnknownType, apply: boundsToInputs },
]

// GroupNormalization: scale and bias for each group (18) are for each channel from opset 21 on.

import { intAttribute } from '../ir/attribute.ts'
import type { Node } from '../ir/node.ts'
import type { Value } from '../ir/value.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

/** The shape [1, C / groups]. */
function repetitions(node: Node, groups: number, context: UpgradeContext): Value {
  const channels = context.shape(node.input(0))?.[1]
  if (typeof channels === 'number') return context.int64(node, 'repeats', [1, channels / groups])
  const name = node.output(0)?.name ?? node.name
  const count = context.insertBefore(node, 'Shape', [node.input(0)], `${name}_channels`, [
    intAttribute('start', 1),
    intAttribute('end', 2),
  ])
  const divisor = context.int64(node, 'groups', [groups])
  const perGroup = context.insertBefore(node, 'Div', [count, divisor], `${name}_per_group`)
  const one = context.int64(node, 'one', [1])
  return context.insertBefore(node, 'Concat', [one, perGroup], `${name}_repeats`, [
    intAttribute('axis', 0),
  ])
}

/** [groups] → [groups, 1] → [groups, C / groups] → [C]. */
function parametersPerChannel(node: Node, context: UpgradeContext): string {
  const repeats = repetitions(node, node.int('num_groups', 1), context)
  const behind = context.int64(node, 'axis', [1])
  const flat = context.int64(node, 'flat', [-1])
  for (const index of [1, 2]) {
    const parameter = node.input(index)
    const name = parameter?.name ?? ''
    const column = context.insertBefore(node, 'Unsqueeze', [parameter, behind], `${name}_column`)
    const table = context.insertBefore(node, 'Expand', [column, repeats], `${name}_table`)
    node.setInput(
      index,
      context.insertBefore(node, 'Reshape', [table, flat], `${name}_per_channel`),
    )
  }
  return 'scale and bias repeated for each channel'
}

export const groupNormalizationUpgrades: readonly OpUpgrade[] = [
  { operators: ['GroupNormalization'], opset: 21, apply: parametersPerChannel },
]

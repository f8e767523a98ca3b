// Split: sizes as an input (1), as an attribute (2), as an input again (13); equal parts are counted (18).

import { intAttribute, intsAttribute } from '../ir/attribute.ts'
import type { Node } from '../ir/node.ts'
import { intValues } from '../tensor-values.ts'
import { takeInts } from './attribute-to-input.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

function refuseComputedSizes(node: Node): string | null {
  const sizes = node.input(1)
  if (sizes === null || sizes.constant !== null) return null
  return 'its sizes are computed, which opset 2 to 12 cannot say'
}

function sizesToAttribute(node: Node): string | null {
  const sizes = node.input(1)?.constant
  if (!sizes) return null
  node.truncateInputs(1)
  node.attributes.set('split', intsAttribute('split', Array.from(intValues(sizes), BigInt)))
  return 'the sizes became an attribute'
}

function sizesToInput(node: Node, context: UpgradeContext): string | null {
  const sizes = takeInts(node, 'split', context)
  if (sizes === null) return null
  node.setInput(1, sizes)
  return 'the sizes became an input'
}

function countParts(node: Node): string | null {
  if (node.input(1) !== null || node.attributes.has('num_outputs')) return null
  node.attributes.set('num_outputs', intAttribute('num_outputs', node.outputs.length))
  return 'the number of equal parts became an attribute'
}

export const splitUpgrades: readonly OpUpgrade[] = [
  { operators: ['Split'], opset: 2, refuse: refuseComputedSizes, apply: sizesToAttribute },
  { operators: ['Split'], opset: 13, apply: sizesToInput },
  { operators: ['Split'], opset: 18, apply: countParts },
]

// Pad: `paddings` renamed (2); `pads` and `value` became inputs (11).

import { intsAttribute } from '../ir/attribute.ts'
import type { Node } from '../ir/node.ts'
import { takeInts } from './attribute-to-input.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

function renamePaddings(node: Node): string | null {
  const paddings = node.ints('paddings')
  if (paddings === null) return null
  node.attributes.delete('paddings')
  node.attributes.set('pads', intsAttribute('pads', paddings))
  return 'paddings is called pads'
}

function refuseUnknownType(node: Node, context: UpgradeContext): string | null {
  if (node.float('value', 0) === 0 || context.dtype(node.input(0)) !== 'none') return null
  return `the element type of '${node.input(0)?.name ?? ''}' is not known, which the padding value must have as an input`
}

function padsToInputs(node: Node, context: UpgradeContext): string | null {
  const value = node.float('value', 0)
  const dtype = context.dtype(node.input(0))
  node.attributes.delete('value')
  const pads = takeInts(node, 'pads', context)
  if (pads === null) return null
  node.setInput(1, pads)
  if (value !== 0 && dtype !== 'none') node.setInput(2, context.scalar(node, 'value', value, dtype))
  return 'pads and value became inputs'
}

export const padUpgrades: readonly OpUpgrade[] = [
  { operators: ['Pad'], opset: 2, apply: renamePaddings },
  { operators: ['Pad'], opset: 11, refuse: refuseUnknownType, apply: padsToInputs },
]

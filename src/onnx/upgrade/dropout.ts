// Dropout: inference is the default (7), the mask is boolean (10), `ratio` became an input (12).

import { typedTensor } from '../ir/tensor.ts'
import type { Node } from '../ir/node.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'
import { isRead } from './upgrade-context.ts'

const DEFAULT_RATIO = 0.5

function dropUnreadMask(node: Node, context: UpgradeContext): string | null {
  if (node.output(1) === null) return null
  context.dropOutput(node, 1)
  return 'the unread mask was dropped'
}

function ratioToInput(node: Node, context: UpgradeContext): string | null {
  const attribute = node.attributes.get('ratio')
  if (attribute?.type !== 'float') return null
  node.attributes.delete('ratio')
  if (attribute.value === DEFAULT_RATIO) return 'the ratio is the default'
  const name = `${node.output(0)?.name ?? node.name}_ratio`
  const ratio = typedTensor(name, 'float32', [], Float32Array.of(attribute.value))
  node.setInput(1, context.constant(node, ratio))
  return 'the ratio became an input'
}

export const dropoutUpgrades: readonly OpUpgrade[] = [
  {
    operators: ['Dropout'],
    opset: 7,
    apply: (node) => (node.attributes.delete('is_test') ? 'is_test dropped' : null),
  },
  {
    operators: ['Dropout'],
    opset: 10,
    refuse: (node) =>
      isRead(node.output(1)) ? 'its mask is read, whose type changes to bool in opset 10' : null,
    apply: dropUnreadMask,
  },
  { operators: ['Dropout'], opset: 12, apply: ratioToInput },
]

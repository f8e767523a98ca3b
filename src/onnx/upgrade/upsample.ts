// Upsample: two scales (1), `scales` (7), scales as an input (9), Resize (10).

import type { Attribute } from '../ir/attribute.ts'
import type { Node } from '../ir/node.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

function joinScales(node: Node): string {
  const scales = Float32Array.of(1, 1, node.float('height_scale', 1), node.float('width_scale', 1))
  node.attributes.delete('height_scale')
  node.attributes.delete('width_scale')
  const attribute: Attribute = { name: 'scales', type: 'floats', value: scales }
  node.attributes.set('scales', attribute)
  if (node.string('mode', 'nearest') === 'bilinear') {
    node.attributes.set('mode', {
      name: 'mode',
      type: 'string',
      value: new TextEncoder().encode('linear'),
    })
  }
  return 'the two scales became one list'
}

function scalesToInput(node: Node, context: UpgradeContext): string | null {
  const attribute = node.attributes.get('scales')
  if (attribute?.type !== 'floats') return null
  node.attributes.delete('scales')
  node.setInput(1, context.float32(node, 'scales', attribute.value))
  return 'the scales became an input'
}

function renameToResize(node: Node, context: UpgradeContext): string {
  node.opType = 'Resize'
  context.enlarging.add(node)
  return 'Upsample is called Resize'
}

export const upsampleUpgrades: readonly OpUpgrade[] = [
  { operators: ['Upsample'], opset: 7, apply: joinScales },
  { operators: ['Upsample'], opset: 9, apply: scalesToInput },
  { operators: ['Upsample'], opset: 10, apply: renameToResize },
]

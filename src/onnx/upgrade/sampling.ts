// RoiAlign: the sampling grid can be chosen from opset 16 on, with another default. GridSample: modes renamed in 20.

import { stringAttribute } from '../ir/attribute.ts'
import type { Node } from '../ir/node.ts'
import type { OpUpgrade } from './op-upgrade.ts'

function keepUnshiftedGrid(node: Node): string {
  const attribute = stringAttribute('coordinate_transformation_mode', 'output_half_pixel')
  node.attributes.set(attribute.name, attribute)
  return 'the sampling grid of opset 10 written out'
}

const RENAMED_MODES: Readonly<Record<string, string>> = { bilinear: 'linear', bicubic: 'cubic' }

function renameMode(node: Node): string | null {
  const renamed = RENAMED_MODES[node.string('mode', 'bilinear')]
  if (renamed === undefined) return null
  node.attributes.set('mode', stringAttribute('mode', renamed))
  return `the mode is called ${renamed}`
}

export const samplingUpgrades: readonly OpUpgrade[] = [
  { operators: ['RoiAlign'], opset: 16, apply: keepUnshiftedGrid },
  { operators: ['GridSample'], opset: 20, apply: renameMode },
]

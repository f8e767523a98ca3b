// Resize: the coordinate mode can be chosen from opset 11 on; empty tensors for unused inputs are left out from 13 on.

import { stringAttribute } from '../ir/attribute.ts'
import type { Node } from '../ir/node.ts'
import { tensorSize, typedTensor } from '../ir/tensor.ts'
import type { Value } from '../ir/value.ts'
import { floatValues } from '../tensor-values.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

function mode(node: Node): string {
  return node.string('mode', 'nearest')
}

function constantOf(value: Value | null): ReturnType<typeof floatValues> | null {
  const producer = value?.producer
  if (value?.constant) return floatValues(value.constant)
  const attribute = producer?.is('Constant') ? producer.attributes.get('value') : undefined
  return attribute?.type === 'tensor' ? floatValues(attribute.value) : null
}

/**
 * Opset 10 takes pixel floor(x/scale) where an axis grows and ceil(x/scale) where it shrinks.
 * 'none': known to be neither for all axes at once.
 */
function nearestMode(node: Node, context: UpgradeContext): 'floor' | 'ceil' | 'none' {
  if (context.enlarging.has(node)) return 'floor'
  const scales = constantOf(node.input(1))
  if (scales === null) return 'none'
  const all = Array.from(scales)
  if (all.every((scale) => scale >= 1)) return 'floor'
  return all.every((scale) => scale <= 1) ? 'ceil' : 'none'
}

function refuseUnknownRounding(node: Node, context: UpgradeContext): string | null {
  if (mode(node) !== 'nearest' || nearestMode(node, context) !== 'none') return null
  return 'opset 10 rounds down where an axis grows and up where it shrinks; the scales must be constant and go one way only'
}

function chooseCoordinates(node: Node, context: UpgradeContext): string {
  const scales = node.input(1)
  const nearest = mode(node) === 'nearest' ? nearestMode(node, context) : 'none'
  const roi = typedTensor(`${node.output(0)?.name ?? ''}_roi`, 'float32', [0], new Float32Array(0))
  node.setInput(1, context.constant(node, roi))
  node.setInput(2, scales)
  node.attributes.set(
    'coordinate_transformation_mode',
    stringAttribute('coordinate_transformation_mode', 'asymmetric'),
  )
  if (nearest !== 'none') {
    node.attributes.set('nearest_mode', stringAttribute('nearest_mode', nearest))
  }
  return 'coordinate and nearest mode of opset 10 written out'
}

function isEmpty(value: Value | null): boolean {
  const constant = value?.constant
  if (constant) return tensorSize(constant) === 0
  const producer = value?.producer
  const attribute = producer?.is('Constant') ? producer.attributes.get('value') : undefined
  return attribute?.type === 'tensor' && tensorSize(attribute.value) === 0
}

/** tf_half_pixel_for_nn is (x + 0.5) / scale: half_pixel plus a half, so rounding down is half_pixel rounding half up. */
function refuseHalfPixelForNearest(node: Node): string | null {
  const coordinates = node.string('coordinate_transformation_mode', 'half_pixel')
  if (coordinates !== 'tf_half_pixel_for_nn') return null
  if (mode(node) === 'nearest' && node.string('nearest_mode', 'round_prefer_floor') === 'floor') {
    return null
  }
  return 'coordinate_transformation_mode tf_half_pixel_for_nn is gone from opset 13 on'
}

function leaveOutEmptyInputs(node: Node): string | null {
  let changed = false
  const coordinates = node.string('coordinate_transformation_mode', 'half_pixel')
  if (coordinates === 'tf_half_pixel_for_nn') {
    node.attributes.set(
      'coordinate_transformation_mode',
      stringAttribute('coordinate_transformation_mode', 'half_pixel'),
    )
    node.attributes.set('nearest_mode', stringAttribute('nearest_mode', 'round_prefer_ceil'))
    changed = true
  }
  if (node.input(1) !== null && coordinates !== 'tf_crop_and_resize') {
    node.setInput(1, null)
    changed = true
  }
  if (node.input(3) !== null && isEmpty(node.input(2))) {
    node.setInput(2, null)
    changed = true
  }
  return changed ? 'unused inputs left out' : null
}

export const resizeUpgrades: readonly OpUpgrade[] = [
  { operators: ['Resize'], opset: 11, refuse: refuseUnknownRounding, apply: chooseCoordinates },
  {
    operators: ['Resize'],
    opset: 13,
    refuse: refuseHalfPixelForNearest,
    apply: leaveOutEmptyInputs,
  },
]

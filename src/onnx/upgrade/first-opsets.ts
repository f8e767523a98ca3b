// What changed before opset 7, and is not told with its operator: attributes of the first three years of ONNX.

import { intAttribute } from '../ir/attribute.ts'
import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'
import type { Node } from '../ir/node.ts'
import { floatValues } from '../tensor-values.ts'
import { takeInts } from './attribute-to-input.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

function exponentToInt(node: Node): string | null {
  const exponent = node.attributes.get('p')
  if (exponent?.type !== 'float') return null
  node.attributes.set('p', intAttribute('p', Math.round(exponent.value)))
  return 'p became an integer'
}

function shapeToInput(node: Node, context: UpgradeContext): string | null {
  const shape = takeInts(node, 'shape', context)
  if (shape === null) return null
  node.setInput(1, shape)
  return 'the shape became an input'
}

function writeConcatAxis(node: Node): string | null {
  if (node.attributes.has('axis')) return null
  node.attributes.set('axis', intAttribute('axis', 1))
  return 'the default axis written out'
}

const TYPE_NAMES: Readonly<Record<string, DataType>> = {
  FLOAT: 'float32',
  DOUBLE: 'float64',
  FLOAT16: 'float16',
  BOOL: 'bool',
  STRING: 'string',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
}

function refuseUnknownTypeName(node: Node): string | null {
  const name = node.string('to', 'FLOAT')
  return name.toUpperCase() in TYPE_NAMES ? null : `it casts to '${name}', which is no element type`
}

function typeNameToCode(node: Node): string | null {
  const attribute = node.attributes.get('to')
  const dtype = TYPE_NAMES[node.string('to', '').toUpperCase()]
  if (attribute?.type !== 'string' || dtype === undefined) return null
  node.attributes.set('to', intAttribute('to', DATA_TYPES[dtype].code))
  return 'the type name became its code'
}

/** Tile of opset 1 repeats one axis `tiles` times; from 6 on there is a count for each axis. */
function tileRepeats(node: Node, context: UpgradeContext): bigint[] | null {
  const rank = context.rank(node.input(0))
  const tiles = node.input(1)?.constant
  const axis = node.input(2)?.constant
  if (rank === null || !tiles || !axis) return null
  const repeats = Array.from({ length: rank }, () => 1n)
  repeats[Number(floatValues(axis)[0])] = BigInt(Math.round(floatValues(tiles)[0] ?? 1))
  return repeats
}

function writeTileRepeats(node: Node, context: UpgradeContext): string | null {
  const repeats = tileRepeats(node, context)
  if (repeats === null) return null
  node.truncateInputs(1)
  node.setInput(1, context.int64(node, 'repeats', repeats))
  return 'a count for each axis'
}

export const firstOpsetsUpgrades: readonly OpUpgrade[] = [
  { operators: ['LpPool', 'GlobalLpPool'], opset: 2, apply: exponentToInt },
  { operators: ['Concat'], opset: 4, apply: writeConcatAxis },
  { operators: ['Reshape'], opset: 5, apply: shapeToInput },
  { operators: ['Cast'], opset: 6, refuse: refuseUnknownTypeName, apply: typeNameToCode },
  {
    operators: ['Tile'],
    opset: 6,
    refuse: (node, context) =>
      tileRepeats(node, context) === null
        ? 'its count and axis must be constant and its rank known'
        : null,
    apply: writeTileRepeats,
  },
]

/** Hints of opset 1 to 5 about buffers that could be reused; no operator has them from 6 on. */
export function dropConsumedInputs(node: Node): string | null {
  return node.attributes.delete('consumed_inputs') ? 'consumed_inputs dropped' : null
}

// Softmax, LogSoftmax, Hardmax: until opset 12 they work on the input flattened to 2-D at `axis` (default 1), from 13 on along one axis.

import { intAttribute } from '../ir/attribute.ts'
import { Node } from '../ir/node.ts'
import { Value } from '../ir/value.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

function alongOneAxis(node: Node, context: UpgradeContext): string {
  const input = node.input(0)
  const output = node.output(0)
  const axis = node.int('axis', 1)
  const rank = context.rank(input)
  if (rank !== null && (axis === rank - 1 || axis === -1)) {
    node.attributes.set('axis', intAttribute('axis', -1))
    return 'axis written out'
  }
  if (input === null || output === null || node.graph === null) return 'axis written out'
  const shape = context.insertBefore(node, 'Shape', [input], `${output.name}_shape`)
  const flat = context.insertBefore(node, 'Flatten', [input], `${output.name}_flat`, [
    intAttribute('axis', axis),
  ])
  const result = new Value(context.uniqueName(`${output.name}_2d`))
  node.setInput(0, flat)
  node.setOutput(0, result)
  node.attributes.set('axis', intAttribute('axis', -1))
  const restore = new Node({
    opType: 'Reshape',
    name: context.uniqueName(`${output.name}_restore`),
    inputs: [result, shape],
    outputs: [output],
  })
  node.graph.insertAfter(restore, node)
  return 'flattened to 2-D before and reshaped after'
}

export const softmaxUpgrades: readonly OpUpgrade[] = [
  { operators: ['Softmax', 'LogSoftmax', 'Hardmax'], opset: 13, apply: alongOneAxis },
]

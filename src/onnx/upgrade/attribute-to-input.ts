// The commonest change between opsets: an attribute of integers becomes an input.

import type { Node } from '../ir/node.ts'
import type { Value } from '../ir/value.ts'
import type { UpgradeContext } from './upgrade-context.ts'

/**
 * Takes the attribute off the node and returns an int64 value [n] of what it held; `null` when the node has none.
 * A reference to an attribute of the calling function becomes a Constant that refers to it.
 */
export function takeInts(node: Node, name: string, context: UpgradeContext): Value | null {
  const attribute = node.attributes.get(name)
  if (attribute === undefined) return null
  node.attributes.delete(name)
  if (attribute.type === 'reference') {
    return context.insertBefore(node, 'Constant', [], `${node.name}_${name}`, [
      { ...attribute, name: 'value_ints' },
    ])
  }
  if (attribute.type !== 'ints') return null
  return context.int64(node, name, attribute.value)
}

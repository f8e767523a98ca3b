// Reshape behind operators that only change the shape → the last one alone, when its target holds no copied dimension.

import { intConstant } from './constants.ts'
import type { NodeRule } from './pass.ts'

const SHAPE_ONLY = ['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'] as const

export const mergeReshapes: NodeRule = {
  name: 'merge-reshapes',
  apply: (node) => {
    const first = node.input(0)?.producer ?? null
    if (!node.is('Reshape') || first === null || !first.is(...SHAPE_ONLY)) return 'unmatched'
    const source = first.input(0)
    const target = intConstant(node.input(1))
    if (source === null || target === null) return 'unmatched'
    if (target.includes(0)) return { declined: 'its target copies a dimension of its input' }
    node.setInput(0, source)
    return 'applied'
  },
}

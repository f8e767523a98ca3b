// Transpose behind Transpose → one Transpose of the composed permutation; none when it is the identity (remove-no-ops).

import { intsAttribute } from '#src/onnx/ir/attribute'
import type { NodeRule } from './pass.ts'

export const mergeTransposes: NodeRule = {
  name: 'merge-transposes',
  apply: (node) => {
    const first = node.input(0)?.producer ?? null
    if (!node.is('Transpose') || first === null || !first.is('Transpose')) return 'unmatched'
    const source = first.input(0)
    const [inner, outer] = [first.ints('perm'), node.ints('perm')]
    if (source === null || inner === null || outer === null) return 'unmatched'
    const composed = outer.map((axis) => inner[axis] ?? 0)
    node.setInput(0, source)
    node.attributes.set('perm', intsAttribute('perm', composed))
    return 'applied'
  },
}

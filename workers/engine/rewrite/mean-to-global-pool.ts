// ReduceMean over the two spatial axes of [N, C, H, W] → GlobalAveragePool, which has an integer kernel.

import { makeNode } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import { intConstant } from './constants.ts'
import type { NodeRule } from './pass.ts'
import { bypass } from './sole-consumer.ts'

export const meanToGlobalPool: NodeRule = {
  name: 'mean-to-global-pool',
  apply: (node, { facts, names }) => {
    const [x, output] = [node.input(0), node.output(0)]
    if (!node.is('ReduceMean') || x === null || output === null) return 'unmatched'
    const type = facts.type(x)
    if (type?.kind !== 'tensor' || type.shape?.length !== 4) return 'unmatched'
    const axes = node.ints('axes') ?? intConstant(node.input(1))
    const spatial = axes
      ?.map((axis) => (axis < 0 ? axis + 4 : axis))
      .sort()
      .join()
    if (spatial !== '2,3' || node.graph === null) return 'unmatched'
    const pooled = names.make(`${output.name}_pooled`)
    const pool = makeNode('GlobalAveragePool', [x], [pooled])
    node.graph.insertBefore(pool, node)
    const result = pool.output(0)
    if (result === null) throw new Error('a pool has one output')
    if (node.int('keepdims', 1) === 1) {
      pool.name = node.name
      bypass(node, result)
      return 'applied'
    }
    const sizes = BigInt64Array.of(0n, 0n)
    const shape = node.graph.addInitializer(
      typedTensor(names.make(`${output.name}_sizes`), 'int64', [2], sizes),
    )
    const flat = makeNode('Reshape', [result, shape], [names.make(`${output.name}_flat`)])
    node.graph.insertBefore(flat, node)
    const replacement = flat.output(0)
    if (replacement === null) throw new Error('a Reshape has one output')
    bypass(node, replacement)
    return 'applied'
  },
}

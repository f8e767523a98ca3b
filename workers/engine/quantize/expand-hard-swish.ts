// HardSwish(x) → x · HardSigmoid(x; 1/6, 1/2), which is its definition and what the runtime makes of it at load.

import { floatAttribute } from '#src/onnx/ir/attribute'
import { makeNode } from '#src/onnx/ir/node'
import type { NodeRule } from '../rewrite/pass.ts'
import { bypass } from '../rewrite/sole-consumer.ts'

export const expandHardSwish: NodeRule = {
  name: 'expand-hard-swish',
  apply: (node, { names }) => {
    const [x, output] = [node.input(0), node.output(0)]
    if (!node.is('HardSwish') || x === null || output === null || node.graph === null) {
      return 'unmatched'
    }
    const attributes = [floatAttribute('alpha', 1 / 6), floatAttribute('beta', 0.5)]
    const gate = makeNode('HardSigmoid', [x], [names.make(`${output.name}_gate`)], attributes)
    const product = makeNode('Mul', [x, gate.output(0)], [names.make(`${output.name}_gated`)])
    product.name = node.name
    node.graph.insertBefore(gate, node)
    node.graph.insertBefore(product, node)
    const result = product.output(0)
    if (result === null) throw new Error('a Mul has one output')
    bypass(node, result)
    return 'applied'
  },
}

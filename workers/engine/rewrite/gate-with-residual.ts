// x + x·g → x·(1 + g), where g has one number per channel: a sum of a few numbers takes the place of one over the whole plane.

import { makeNode } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import type { NodeRule } from './pass.ts'
import { bypass, soleProducer } from './sole-consumer.ts'

export const gateWithResidual: NodeRule = {
  name: 'gate-with-residual',
  apply: (node, { facts, names }) => {
    if (!node.is('Add') || node.graph === null) return 'unmatched'
    const [left, right] = [node.input(0), node.input(1)]
    for (const [x, gated] of [
      [left, right],
      [right, left],
    ] as const) {
      const product = soleProducer(gated, node)
      if (x === null || !product?.is('Mul') || product.graph === null) continue
      const gate = product.inputs.find((value) => value !== x) ?? null
      if (!product.inputs.includes(x) || gate === null || !isPerChannel(gate, facts)) continue
      const one = typedTensor(names.make('one'), 'float32', [], Float32Array.of(1))
      const ones = node.graph.addInitializer(one)
      const sum = makeNode('Add', [gate, ones], [names.make(`${gate.name}_and_one`)])
      product.graph.insertBefore(sum, product)
      product.setInput(product.inputs.indexOf(gate), sum.output(0))
      const result = product.output(0)
      if (result === null) return 'unmatched'
      bypass(node, result)
      return 'applied'
    }
    return 'unmatched'
  },
}

/** Of shape [N, C, 1, 1]. */
function isPerChannel(value: Value, facts: TypeInference): boolean {
  const type = facts.type(value)
  if (type?.kind !== 'tensor' || type.dtype !== 'float32') return false
  const shape = type.shape ?? []
  return shape.length > 2 && shape.slice(2).every((dim) => dim === 1)
}

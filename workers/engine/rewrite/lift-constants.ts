// Constant nodes → initializers.

import type { Attribute } from '#src/onnx/ir/attribute'
import type { Tensor } from '#src/onnx/ir/tensor'
import { makeTensor } from '#src/onnx/make-tensor'
import type { NodeRule } from './pass.ts'
import { bypass } from './sole-consumer.ts'

export const liftConstants: NodeRule = {
  name: 'lift-constants',
  apply: (node, { names }) => {
    if (!node.is('Constant') || node.graph === null) return 'unmatched'
    const output = node.output(0)
    const attribute = [...node.attributes.values()][0]
    if (output === null || attribute === undefined || output.isGraphOutput) return 'unmatched'
    const tensor = tensorOf(attribute, names.make(output.name))
    if (tensor === null) return { declined: `its attribute is ${attribute.type}, no dense number` }
    bypass(node, node.graph.addInitializer(tensor))
    return 'applied'
  },
}

function tensorOf(attribute: Attribute, name: string): Tensor | null {
  switch (attribute.type) {
    case 'tensor':
      return { ...attribute.value, name }
    case 'float':
      return makeTensor(name, 'float32', [], [attribute.value])
    case 'floats':
      return makeTensor(name, 'float32', [attribute.value.length], [...attribute.value])
    case 'int':
      return makeTensor(name, 'int64', [], [attribute.value])
    case 'ints':
      return makeTensor(name, 'int64', [attribute.value.length], attribute.value)
    default:
      return null
  }
}

// A Squeeze without axes drops whatever has size 1, also an axis that pruning leaves one index of: the axes are written down.

import type { Model } from '#src/onnx/ir/model'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { Pass } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'
import { GraphEditor } from '../rewrite/graph-editor.ts'

export const explicitSqueeze: Pass = {
  name: 'explicit-squeeze',
  run: (model: Model) => {
    const types = inferTypes(model)
    const editor = new GraphEditor(model)
    let applied = 0
    for (const node of model.graph.nodes()) {
      const input = node.input(0)
      if (!node.is('Squeeze') || input === null || node.input(1) !== null) continue
      const type = types.type(input)
      if (type?.kind !== 'tensor' || type.shape === null) continue
      const axes = type.shape.flatMap((size, axis) => (size === 1 ? [axis] : []))
      node.setInput(1, editor.integers(`${labelOf(node)}_axes`, axes))
      applied += 1
    }
    return { applied, declined: [] }
  },
}

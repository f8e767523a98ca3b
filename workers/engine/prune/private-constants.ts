// Exporters store equal vectors once. Whatever reads the same constant is tied together, so every reader gets small constants, and
// the nodes that spread or decode them, for itself.

import type { Model } from '#src/onnx/ir/model'
import { makeNode } from '#src/onnx/ir/node'
import type { Node } from '#src/onnx/ir/node'
import { tensorSize } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { Pass } from '../rewrite/pass.ts'
import { GraphEditor } from '../rewrite/graph-editor.ts'

/** Matrices shared by several layers are shared on purpose. */
const MAX_MATRIX = 4096

const SPREADING = ['ConstantOfShape', 'Expand', 'Identity', 'Cast', 'DequantizeLinear']

export const privateConstants: Pass = {
  name: 'private-constants',
  run: (model: Model) => {
    const editor = new GraphEditor(model)
    let applied = 0
    for (const node of [...model.graph.nodes()].toReversed()) {
      if (node.is(...SPREADING) && readsSmallConstants(node)) applied += copyNode(node, editor)
    }
    const constants = Array.from(model.graph.initializers.values())
    for (const value of constants) applied += copyConstant(value, editor)
    return { applied, declined: [] }
  },
}

function isSmall(value: Value): boolean {
  const tensor = value.constant
  if (tensor === null || tensor.dtype === 'string') return false
  return tensor.dims.length < 2 || tensorSize(tensor) <= MAX_MATRIX
}

function readsSmallConstants(node: Node): boolean {
  const output = node.output(0)
  if (output === null || output.isGraphOutput || node.outputs.length > 1) return false
  if (node.is('ConstantOfShape', 'Expand')) return true
  return node.inputs.every((input) => input === null || isSmall(input))
}

/** All readers but the first read a copy. */
function copyNode(node: Node, editor: GraphEditor): number {
  const output = node.output(0)
  if (output === null || node.graph === null) return 0
  const [, ...others] = output.uses
  for (const use of others) {
    if (use.node.graph !== node.graph) continue
    const name = editor.name(output.name)
    const copy = makeNode(node.opType, node.inputs, [name], [...node.attributes.values()])
    node.graph.insertAfter(copy, node)
    use.node.setInput(use.index, copy.output(0))
  }
  return others.length
}

function copyConstant(value: Value, editor: GraphEditor): number {
  const tensor = value.constant
  if (tensor === null || value.graph === null || value.isGraphOutput || !isSmall(value)) return 0
  const [, ...others] = value.uses
  for (const use of others) {
    if (use.node.graph !== value.graph) continue
    const copy = value.graph.addInitializer({ ...tensor, name: editor.name(value.name) })
    use.node.setInput(use.index, copy)
  }
  return others.length
}

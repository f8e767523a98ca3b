// A model with its large constants made while running, all of one value: as bytes it weighs nothing, and it runs through the same
// kernels with the same shapes.

import { tensorAttribute } from '#src/onnx/ir/attribute'
import { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import { makeNode } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import { tensorSize } from '#src/onnx/ir/tensor'
import { Value } from '#src/onnx/ir/value'
import { makeTensor } from '#src/onnx/make-tensor'
import { NodeCloner } from '../rewrite/clone-node.ts'
import { FreshNames } from '../rewrite/fresh-names.ts'

/** Elements from which on a constant is left out. */
const LARGE = 65_536

const FILL = 1 / 64

/** Shares the small constants with the model, which stays as it is. */
export function skeletonModel(model: Model): Model {
  const graph = new Graph()
  graph.name = model.graph.name
  const names = new FreshNames(model)
  const cloner = new NodeCloner({
    resolve: (value) => outsider(value),
    rename: (name) => name,
  })
  const outsider = (value: Value): Value => {
    const copy = new Value(value.name, value.type)
    cloner.bind(value, copy)
    return copy
  }
  for (const value of model.graph.inputs) {
    const copy = outsider(value)
    copy.graph = graph
    graph.inputs.push(copy)
  }
  for (const value of model.graph.initializers.values()) {
    const { initializer } = value
    if (initializer === null) continue
    if (initializer.kind === 'tensor' && isLarge(initializer) && !value.isGraphInput) {
      cloner.bind(value, filled(graph, initializer, names))
    } else graph.setInitializer(cloner.valueOf(value), initializer)
  }
  for (const node of model.graph.nodes()) graph.append(cloner.clone(node))
  for (const value of model.graph.outputs) graph.outputs.push(cloner.valueOf(value))
  return { ...model, graph, metadata: [], unknownFields: null }
}

function isLarge(tensor: Tensor): boolean {
  return tensor.dtype === 'float32' && tensorSize(tensor) >= LARGE
}

function filled(graph: Graph, { name, dims }: Tensor, names: FreshNames): Value {
  const shape = graph.addInitializer(
    makeTensor(names.make(`${name}_dims`), 'int64', [dims.length], dims),
  )
  const fill = tensorAttribute('value', makeTensor('', 'float32', [1], [FILL]))
  const node = makeNode('ConstantOfShape', [shape], [name], [fill])
  graph.append(node)
  const output = node.output(0)
  if (output === null) throw new Error('ConstantOfShape has one output')
  return output
}

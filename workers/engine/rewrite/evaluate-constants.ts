// The values that nodes without any input from outside compute, by running them in the runtime as a model of their own.

import { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import { typedTensor } from '#src/onnx/ir/tensor'
import { Value } from '#src/onnx/ir/value'
import { modelBytes } from '#src/onnx/write-model'
import type { Runtime } from '../runtime/runtime.ts'
import { RuntimeRejection } from '../runtime/runtime.ts'
import { NodeCloner } from './clone-node.ts'

/**
 * `nodes` in order, reading only constants and each other. Gives a tensor for each of `wanted`, or the reason why the
 * runtime does not compute them.
 */
export async function evaluateConstants(
  model: Model,
  nodes: readonly Node[],
  wanted: readonly Value[],
  runtime: Runtime,
): Promise<ReadonlyMap<Value, Tensor> | string> {
  const graph = new Graph()
  graph.name = 'constants'
  const cloner = new NodeCloner({
    resolve: (value) => constantCopy(graph, value, cloner),
    rename: (name) => name,
  })
  for (const node of nodes) graph.append(cloner.clone(node))
  for (const value of wanted) graph.outputs.push(cloner.valueOf(value))
  const part: Model = { ...model, graph, functions: [], metadata: [], unknownFields: null }
  try {
    const session = await runtime.load(modelBytes(part, 'inline'), {
      threads: 1,
      optimization: 'disabled',
      memoryArena: false,
    })
    const outputs = await session.run({})
    await session.release()
    const results = new Map<Value, Tensor>()
    for (const value of wanted) {
      const output = outputs[value.name]
      if (output === undefined) return `the runtime gave no '${value.name}'`
      results.set(value, typedTensor(value.name, output.dtype, output.dims, output.data))
    }
    return results
  } catch (error) {
    if (error instanceof RuntimeRejection) return 'the runtime does not compute it by itself'
    throw error
  }
}

function constantCopy(graph: Graph, value: Value, cloner: NodeCloner): Value {
  const tensor = value.constant
  if (tensor === null) throw new Error(`'${value.name}' is no constant`)
  const copy = new Value(value.name, value.type)
  graph.setInitializer(copy, { ...tensor, name: value.name })
  cloner.bind(value, copy)
  return copy
}

// Types and shapes of all values of a model as the runtime infers them: every intermediate value is marked as an output of
// a copy of the graph, loaded at level `disabled`; the session's metadata then names them all.

import type { Model } from '#src/onnx/ir/model'
import { modelBytes } from '#src/onnx/write-model'
import type { Runtime, RuntimeValueInfo } from './runtime.ts'

/**
 * What the runtime says of every value of the main graph that a node writes, and of inputs and outputs, by name.
 * The model is left as it was.
 * @throws RuntimeRejection when the runtime does not load the model
 */
export async function valueTypes(
  runtime: Runtime,
  model: Model,
): Promise<ReadonlyMap<string, RuntimeValueInfo>> {
  const { graph } = model
  const declared = [...graph.outputs]
  const known = new Set(declared)
  try {
    for (const node of graph.nodes()) {
      for (const value of node.outputs) {
        if (value !== null && !known.has(value)) graph.outputs.push(value)
      }
    }
    const bytes = modelBytes(model, 'inline')
    const session = await runtime.load(bytes, { threads: 1, optimization: 'disabled' })
    const types = new Map<string, RuntimeValueInfo>()
    for (const info of [...session.inputs, ...session.outputs]) types.set(info.name, info)
    await session.release()
    return types
  } finally {
    graph.outputs.splice(0, graph.outputs.length, ...declared)
  }
}

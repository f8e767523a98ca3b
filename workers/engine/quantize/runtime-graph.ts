// The graph that the runtime makes of a model at load, and which of its nodes stand for which of the model's.

import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import { labelOf } from '../rewrite/pass.ts'
import { soleConsumer } from '../rewrite/sole-consumer.ts'
import type { Provider, Runtime } from '../runtime/runtime.ts'

/**
 * What the runtime makes of the model at level `all` on `provider`. `scratch`: an existing folder for its file, which is removed again.
 * @throws RuntimeRejection when the runtime does not load the model
 */
export async function optimizedModel(
  model: Model,
  runtime: Runtime,
  scratch: string,
  provider: Provider = 'cpu',
  threads = 1,
): Promise<Model> {
  const path = join(scratch, 'runtime-graph.onnx')
  try {
    const session = await runtime.load(modelBytes(model, 'inline'), {
      provider,
      threads,
      optimization: 'all',
      optimizedModelPath: path,
    })
    await session.release()
    return readModel(bufferRange(new Uint8Array(readFileSync(path))))
  } finally {
    rmSync(path, { force: true })
  }
}

/** At most this many nodes behind a layer are fused into its kernel: a Cast, two Mul and an Add. */
const LONGEST_FUSION = 4

/** Operators that lay values out anew between blocked kernels and others; they write what the kernel in front of them was to write. */
const BLOCKED = 'com.microsoft.nchwc'

function withoutLayout(kernel: Node): Node {
  const isLayout = kernel.domain === BLOCKED && kernel.opType === 'ReorderOutput'
  return isLayout ? (kernel.input(0)?.producer ?? kernel) : kernel
}

/** Nodes of the runtime's graph by what they stand for in the model. */
export class KernelIndex {
  readonly #byName = new Map<string, Node>()
  readonly #byOutput = new Map<string, Node>()

  constructor(graph: Graph) {
    for (const node of graph.nodes()) {
      // The runtime calls the node that replaces `conv1` either `conv1`, or `conv1_token_7`, or `conv1_nchwc`.
      const name = node.name.replace(/(_token_\d+|_nchwc)+$/, '')
      if (name !== '') this.#byName.set(name, node)
      for (const output of node.outputs) if (output !== null) this.#byOutput.set(output.name, node)
    }
  }

  /**
   * A fused kernel keeps the name of the layer, or has none and writes what the last of the fused nodes wrote, or is called
   * after what that one wrote (blocked float convolutions).
   */
  find(layer: Node): Node | null {
    const named = this.#byName.get(labelOf(layer))
    if (named !== undefined) return withoutLayout(named)
    let node: Node | null = layer
    for (let step = 0; node !== null && step <= LONGEST_FUSION; step += 1) {
      const output: Value | null = node.output(0)
      const name = output?.name ?? ''
      const kernel = this.#byOutput.get(name) ?? this.#byName.get(name)
      if (kernel !== undefined) return withoutLayout(kernel)
      node = soleConsumer(output)
    }
    return null
  }
}

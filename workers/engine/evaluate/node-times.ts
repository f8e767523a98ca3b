// How long each layer takes inside the runtime: the graph that it makes of the model, every node named, run under its own profiler.

import type { Model } from '#src/onnx/ir/model'
import { modelBytes } from '#src/onnx/write-model'
import { KernelIndex, optimizedModel } from '../quantize/runtime-graph.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'

export interface NodeTimes {
  /** Milliseconds of the kernel that runs each layer, by the layer's label; layers without a kernel of their own are not there. */
  readonly layers: ReadonlyMap<string, number>
  /** Milliseconds of all kernels, by the runtime's operator: what surrounds the layers too. */
  readonly operators: ReadonlyMap<string, number>
}

export interface NodeTimesOptions {
  readonly threads: number
  /** The first warms up. */
  readonly runs: number
  /** An existing folder. */
  readonly scratch: string
}

/**
 * On the CPU. The profiler adds some microseconds to every node: shares mean more than sums.
 * @throws RuntimeRejection
 */
export async function nodeTimes(
  model: Model,
  feeds: Readonly<Record<string, RuntimeTensor>>,
  runtime: Runtime,
  { threads, runs, scratch }: NodeTimesOptions,
): Promise<NodeTimes> {
  const optimized = await optimizedModel(model, runtime, scratch, 'cpu', threads)
  const kernels = new KernelIndex(optimized.graph)
  // Fused kernels have no name, or that of another: names of our own tell them apart in the trace.
  const nodes = [...optimized.graph.nodes()]
  const layers = [...model.graph.nodes()].map(
    (layer) => [labelOf(layer), kernels.find(layer)] as const,
  )
  nodes.forEach((node, index) => {
    node.name = `kernel_${index}`
  })
  const options = { threads, runs, optimization: 'disabled' } as const
  const traced = await runtime.trace(modelBytes(optimized, 'inline'), options, feeds, scratch)
  const milliseconds = new Map(traced.map((run) => [run.node, run.microseconds / 1000]))
  const operators = new Map<string, number>()
  for (const { name, opType } of nodes) {
    const time = milliseconds.get(name)
    if (time !== undefined) operators.set(opType, (operators.get(opType) ?? 0) + time)
  }
  return {
    layers: new Map(
      layers.flatMap(([label, kernel]) => {
        const time = kernel === null ? undefined : milliseconds.get(kernel.name)
        return time === undefined ? [] : [[label, time]]
      }),
    ),
    operators,
  }
}

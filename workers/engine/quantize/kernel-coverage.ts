// Which layers of a model the runtime computes on integers: read from the graph that it makes of the model at load, not from the
// quantizers in the file.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { opRule } from '../ops/registry.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { Provider, Runtime } from '../runtime/runtime.ts'
import { KernelIndex, optimizedModel } from './runtime-graph.ts'

export interface LayerKernel {
  readonly node: string
  readonly opType: string
  /** `null` where a size is not known. */
  readonly macs: number | null
  /** The operator that the runtime runs in its place; `none` when it was fused into another or cannot be found again. */
  readonly kernel: string
  readonly integer: boolean
}

export interface KernelCoverage {
  /** Layers that multiply and accumulate. */
  readonly layers: readonly LayerKernel[]
  /** Share of all known multiply–accumulates that integer kernels do; `null` when none is known. */
  readonly integerMacs: number | null
  /** Nodes of the runtime's graph, by operator. */
  readonly operators: Readonly<Record<string, number>>
}

const INTEGER_KERNEL =
  /^(QLinear\w+|QGemm|MatMulIntegerToFloat|DynamicQuantizeMatMul|DynamicQuantizeLSTM|MatMulInteger|ConvInteger|QAttention|MatMulNBits)$/

/**
 * Loads the model at level `all` on `provider`. `scratch`: an existing folder for the runtime's graph, which is removed again.
 * @throws RuntimeRejection when the runtime does not load the model
 */
export async function kernelCoverage(
  model: Model,
  runtime: Runtime,
  scratch: string,
  provider: Provider = 'cpu',
): Promise<KernelCoverage> {
  const { graph } = await optimizedModel(model, runtime, scratch, provider)
  const optimized = new KernelIndex(graph)
  const facts = inferTypes(model, { inputs: singleSample(model) })
  const layers = [...model.graph.nodes()].flatMap((node) => layerOf(node, facts, optimized))
  const known = layers.filter(({ macs }) => macs !== null)
  const total = known.reduce((sum, { macs }) => sum + (macs ?? 0), 0)
  const integer = known.reduce((sum, layer) => sum + (layer.integer ? (layer.macs ?? 0) : 0), 0)
  const operators: Record<string, number> = {}
  for (const { opType } of graph.nodes()) operators[opType] = (operators[opType] ?? 0) + 1
  return { layers, integerMacs: total === 0 ? null : integer / total, operators }
}

/** Unknown sizes of inputs as 1: the multiply–accumulates of one sample. */
function singleSample(model: Model): Record<string, number[]> {
  const shapes: Record<string, number[]> = {}
  for (const { name, type } of model.graph.inputs) {
    if (type?.kind !== 'tensor' || type.shape === null) continue
    shapes[name] = type.shape.map((dim) => (typeof dim === 'number' ? dim : 1))
  }
  return shapes
}

function layerOf(node: Node, facts: TypeInference, optimized: KernelIndex): LayerKernel[] {
  const rule = opRule(node)
  if (rule === 'unknown' || rule.macs === 'none') return []
  const opType = optimized.find(node)?.opType ?? 'none'
  return [
    {
      node: labelOf(node),
      opType: node.opType,
      macs: rule.macs(node, facts),
      kernel: opType,
      integer: INTEGER_KERNEL.test(opType),
    },
  ]
}

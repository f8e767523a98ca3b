// Which layers of a model the runtime computes on integers: read from the graph that it makes of the model at load, not from the
// quantizers in the file.

import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import { opRule } from '../ops/registry.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { Runtime } from '../runtime/runtime.ts'

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
  /^(QLinear\w+|QGemm|MatMulIntegerToFloat|DynamicQuantizeMatMul|MatMulInteger|ConvInteger|QAttention|MatMulNBits)$/

/**
 * Loads the model at level `all`. `scratch`: an existing folder for the runtime's graph, which is removed again.
 * @throws RuntimeRejection when the runtime does not load the model
 */
export async function kernelCoverage(
  model: Model,
  runtime: Runtime,
  scratch: string,
): Promise<KernelCoverage> {
  const optimized = await optimizedGraph(model, runtime, scratch)
  const facts = inferTypes(model)
  const layers = [...model.graph.nodes()].flatMap((node) => layerOf(node, facts, optimized))
  const known = layers.filter(({ macs }) => macs !== null)
  const total = known.reduce((sum, { macs }) => sum + (macs ?? 0), 0)
  const integer = known.reduce((sum, layer) => sum + (layer.integer ? (layer.macs ?? 0) : 0), 0)
  const operators: Record<string, number> = {}
  for (const { opType } of optimized.values()) operators[opType] = (operators[opType] ?? 0) + 1
  return { layers, integerMacs: total === 0 ? null : integer / total, operators }
}

async function optimizedGraph(
  model: Model,
  runtime: Runtime,
  scratch: string,
): Promise<ReadonlyMap<string, Node>> {
  const path = join(scratch, 'runtime-graph.onnx')
  try {
    const session = await runtime.load(modelBytes(model, 'inline'), {
      threads: 1,
      optimization: 'all',
      optimizedModelPath: path,
    })
    await session.release()
    const { graph } = readModel(bufferRange(new Uint8Array(readFileSync(path))))
    return new Map([...graph.nodes()].map((node, index) => [originalName(node, index), node]))
  } finally {
    rmSync(path, { force: true })
  }
}

/** The runtime calls the node that replaces `conv1` either `conv1`, or `conv1_token_7`, or `conv1_nchwc`. */
function originalName(node: Node, index: number): string {
  const name = node.name.replace(/(_token_\d+|_nchwc)+$/, '')
  return name === '' ? `#${index}` : name
}

function layerOf(
  node: Node,
  facts: TypeInference,
  optimized: ReadonlyMap<string, Node>,
): LayerKernel[] {
  const rule = opRule(node)
  if (rule === 'unknown' || rule.macs === 'none') return []
  const kernel = optimized.get(labelOf(node))
  const opType = kernel?.opType ?? 'none'
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

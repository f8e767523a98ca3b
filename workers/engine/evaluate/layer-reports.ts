// The layers of the compressed model: those that multiply and accumulate.

import type { LayerReport } from '#src/domain/report'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { nodeMacs } from '#src/onnx/macs/count-macs'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import type { KernelCoverage } from '../quantize/kernel-coverage.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { WeightTensor } from '#src/onnx/weight-tensors'
import { countWeights } from '#src/onnx/count-weights'
import { weightTensors } from '#src/onnx/weight-tensors'

export interface LayerMeasures {
  /** Which kernels the runtime chose; `null` when that could not be found out. */
  readonly coverage: KernelCoverage | null
  /** Signal ÷ noise of each layer's output in dB, where it was measured. */
  readonly noise: ReadonlyMap<string, number>
  /** Milliseconds of the kernel in each layer's place, where it was measured. */
  readonly times: Readonly<Record<'original' | 'compressed', ReadonlyMap<string, number>>>
}

export function layerReports(
  model: Model,
  facts: TypeInference,
  { coverage, noise, times }: LayerMeasures,
): LayerReport[] {
  const weightOf = new Map([...weightTensors(model)].map((weight) => [weight.value, weight]))
  const kernels = new Map(coverage?.layers.map((layer) => [layer.node, layer]))
  return [...model.graph.nodes()].flatMap((node) => {
    const macs = nodeMacs(node, facts)
    if (macs === 0) return []
    const name = labelOf(node)
    const kernel = kernels.get(name)
    const weights = [
      ...new Set(node.inputs.flatMap((value) => constantWeights(value, weightOf) ?? [])),
    ]
    const { parameters, nonzero } = countWeights(weights)
    const dtype = weights[0]?.tensor.dtype ?? outputType(node, facts)
    return [
      {
        name,
        op: node.opType,
        parameters,
        macs,
        dtype,
        bits: packedBits(node) ?? bitsOf(dtype),
        sparsity: parameters === 0 ? 0 : 1 - nonzero / parameters,
        sqnr_db: noise.get(name) ?? null,
        latency_ms: times.compressed.get(name) ?? null,
        original_latency_ms: times.original.get(name) ?? null,
        kernel: kernel === undefined || kernel.kernel === 'none' ? null : kernel.kernel,
        integer_kernel: kernel === undefined || kernel.kernel === 'none' ? null : kernel.integer,
      },
    ]
  })
}

/** Weights behind a value that is computed from constants alone, as stored integers are; `null` for others. */
function constantWeights(
  value: Value | null,
  weightOf: ReadonlyMap<Value, WeightTensor>,
): WeightTensor[] | null {
  if (value === null) return []
  const weight = weightOf.get(value)
  if (weight !== undefined) return [weight]
  if (value.initializer !== null) return []
  const { producer } = value
  if (
    producer === null ||
    !producer.is('DequantizeLinear', 'Cast', 'Mul', 'Transpose', 'Reshape')
  ) {
    return null
  }
  const weights: WeightTensor[] = []
  for (const input of producer.inputs) {
    const found = constantWeights(input, weightOf)
    if (found === null) return null
    weights.push(...found)
  }
  return weights
}

/** Of weights that are packed into bytes. */
function packedBits(node: Node): number | null {
  const bits = node.attributes.get('bits')
  return node.domain === 'com.microsoft' && bits?.type === 'int' ? Number(bits.value) : null
}

function bitsOf(dtype: string): number | null {
  const digits = /\d+/.exec(dtype)?.[0]
  return digits === undefined ? null : Number(digits)
}

function outputType(node: Node, facts: TypeInference): string {
  const output = node.output(0)
  const type = output === null ? null : facts.type(output)
  return type?.kind === 'tensor' ? type.dtype : 'none'
}

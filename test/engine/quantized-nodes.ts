// The nodes of a graph in QDQ form that compute on integers, with the parameters around them.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { floatValues } from '#src/onnx/tensor-values'

export interface QuantizedPart {
  /** The integers' name. */
  readonly source: string
  readonly dtype: string
  readonly dims: readonly number[]
  readonly scales: readonly number[]
  readonly zeroPoints: readonly number[]
  readonly axis: number
  /** Of constants. */
  readonly integers: Float32Array | null
}

export interface QuantizedNode {
  readonly node: Node
  readonly activations: readonly QuantizedPart[]
  readonly weight: QuantizedPart | null
  readonly bias: QuantizedPart | null
  readonly results: readonly QuantizedPart[]
}

const WEIGHTED = ['Conv', 'ConvTranspose', 'Gemm', 'MatMul']

/** Those that read integers and give integers, or read a weight of integers. */
export function quantizedNodes(model: Model): QuantizedNode[] {
  return [...model.graph.nodes()].flatMap((node) => {
    if (node.is('QuantizeLinear', 'DequantizeLinear', 'Cast')) return []
    if (!(node.input(0)?.producer?.is('DequantizeLinear') ?? false)) return []
    const parts = node.inputs.map((value) => partOf(value?.producer ?? null))
    const isWeighted = WEIGHTED.includes(node.opType)
    const activations = parts.filter((part, index) => {
      return part !== null && !(isWeighted && index > 0 && part.integers !== null)
    })
    const results = node.outputs.flatMap((output) => resultsOf(output))
    const weight = isWeighted && parts[1]?.integers != null ? parts[1] : null
    if (results.length === 0 && weight === null) return []
    return [
      {
        node,
        activations: activations.flatMap((part) => part ?? []),
        weight,
        bias: isWeighted ? (parts[2] ?? null) : null,
        results,
      },
    ]
  })
}

function resultsOf(output: Value | null): QuantizedPart[] {
  return (output?.consumers() ?? []).flatMap((reader) => {
    return reader.is('QuantizeLinear') ? (partOf(reader) ?? []) : []
  })
}

function partOf(node: Node | null): QuantizedPart | null {
  if (node === null || !node.is('QuantizeLinear', 'DequantizeLinear')) return null
  const [scale, zero] = [node.input(1)?.constant, node.input(2)?.constant]
  if (!scale) throw new Error('the scale is no constant')
  const stored = node.is('DequantizeLinear') ? node.input(0) : node.output(0)
  const constant = stored?.constant ?? null
  return {
    source: stored?.name ?? '',
    dtype: constant?.dtype ?? zero?.dtype ?? 'uint8',
    dims: constant?.dims ?? [],
    scales: [...floatValues(scale)],
    zeroPoints: zero ? [...floatValues(zero)] : [0],
    axis: node.int('axis', 1),
    integers: constant === null ? null : floatValues(constant),
  }
}

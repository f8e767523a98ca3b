// Multiply–accumulates of a model, estimated from shapes. Operators without a rule count as none.

import type { Graph } from '../ir/graph.ts'
import type { Model } from '../ir/model.ts'
import type { Node } from '../ir/node.ts'
import type { Dim } from '../ir/value-type.ts'
import { inferTypes } from '../shapes/infer-types.ts'
import { functionKey } from '../verify/scopes.ts'
import {
  attentionMacs,
  fusedAttentionMacs,
  groupQueryAttentionMacs,
  multiHeadAttentionMacs,
  quantizedAttentionMacs,
} from './attention.ts'
import { convMacs, convTransposeMacs, quantizedConvMacs } from './conv.ts'
import type { MacFacts, MacRule } from './mac-facts.ts'
import { einsumMacs, gemmMacs, matmulMacs, matmulNBitsMacs } from './matmul.ts'
import { recurrentMacs } from './recurrent.ts'

/** By operator, with its domain unless that is ai.onnx. */
export const MAC_RULES: Readonly<Record<string, MacRule>> = {
  Conv: convMacs,
  ConvInteger: convMacs,
  QLinearConv: quantizedConvMacs,
  ConvTranspose: convTransposeMacs,
  MatMul: matmulMacs,
  MatMulInteger: matmulMacs,
  QLinearMatMul: matmulMacs,
  Gemm: gemmMacs,
  Einsum: einsumMacs,
  LSTM: recurrentMacs,
  GRU: recurrentMacs,
  RNN: recurrentMacs,
  Attention: attentionMacs,
  'com.microsoft.Attention': fusedAttentionMacs,
  'com.microsoft.QAttention': quantizedAttentionMacs,
  'com.microsoft.MultiHeadAttention': multiHeadAttentionMacs,
  'com.microsoft.GroupQueryAttention': groupQueryAttentionMacs,
  'com.microsoft.FusedConv': convMacs,
  'com.microsoft.QLinearConv': quantizedConvMacs,
  'com.microsoft.FusedGemm': gemmMacs,
  'com.microsoft.QGemm': gemmMacs,
  'com.microsoft.FusedMatMul': matmulMacs,
  'com.microsoft.MatMulNBits': matmulNBitsMacs,
  'com.microsoft.MatMulIntegerToFloat': matmulMacs,
  'com.microsoft.DynamicQuantizeMatMul': matmulMacs,
  'com.microsoft.DynamicQuantizeLSTM': recurrentMacs,
}

/** `null` where a size is not known, 0 for operators that multiply nothing. */
export function nodeMacs(node: Node, facts: MacFacts): number | null {
  return ruleOf(node)?.(node, facts) ?? (ruleOf(node) === undefined ? 0 : null)
}

function ruleOf(node: Node): MacRule | undefined {
  const prefix = node.domain === '' || node.domain === 'ai.onnx' ? '' : `${node.domain}.`
  return MAC_RULES[prefix + node.opType]
}

/**
 * At these input shapes; a first dimension left open counts as 1. `null` when a size stays unknown, or when a branch or a
 * loop multiplies: how often it runs is not known.
 */
export function countMacs(
  model: Model,
  inputs: Readonly<Record<string, readonly Dim[]>> = singleSampleInputs(model),
): number | null {
  const bodies = new Map(
    model.functions.map(({ domain, name, overload, body }) => [
      functionKey(domain, name, overload),
      body,
    ]),
  )
  const counts = new Map<Graph, number | null>()
  const facts = inferTypes(model, { inputs })
  const countGraph = (graph: Graph): number | null => {
    const known = counts.get(graph)
    if (known !== undefined) return known
    // A function that calls itself ends here.
    counts.set(graph, null)
    let total = 0
    for (const node of graph.nodes()) {
      const body = bodies.get(functionKey(node.domain, node.opType, node.overload))
      const macs = body === undefined ? nodeMacs(node, facts) : countGraph(body)
      if (macs === null || node.subgraphs().some(multiplies)) return null
      total += macs
    }
    counts.set(graph, total)
    return total
  }
  return countGraph(model.graph)
}

function multiplies(graph: Graph): boolean {
  return [...graph.allNodes()].some((node) => ruleOf(node) !== undefined)
}

function singleSampleInputs(model: Model): Record<string, readonly Dim[]> {
  const shapes: Record<string, readonly Dim[]> = {}
  for (const { name, type } of model.graph.inputs) {
    if (type?.kind !== 'tensor' || type.shape === null) continue
    shapes[name] = type.shape.map((dim, axis) => (axis === 0 && typeof dim !== 'number' ? 1 : dim))
  }
  return shapes
}

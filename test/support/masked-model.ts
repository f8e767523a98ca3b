// The reference of pruning: the model with the removed channels masked. Every contraction reads zeros at the removed indices, which
// holds whatever lies between two contractions.

import { KeptIndices } from '#engine/prune/kept-indices'
import type { AxisTrace } from '#engine/prune/trace-axes'
import { equationOf } from '#engine/ops/einsum'
import { opRule } from '#engine/ops/registry'
import { FreshNames } from '#engine/rewrite/fresh-names'
import { copyModel } from '#engine/rewrite/copy-model'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { intValues } from '#src/onnx/tensor-values'
import { fromFront } from '#engine/ops/pass-axes'
import { MaskBuilder, maskNorm } from './masked-norms.ts'

/** Inputs and their axes that a node sums over. */
function contractions(node: Node, rank: number): [input: number, axis: number][] {
  switch (node.opType) {
    case 'Conv':
    case 'ConvInteger':
    case 'ConvTranspose':
    case 'FusedConv':
    case 'QLinearConv':
      return [[0, 1]]
    case 'Attention':
    case 'MultiHeadAttention':
      return [[0, rank - 1]]
    case 'FusedGemm':
    case 'Gemm':
    case 'QGemm':
      return [[0, 1 - node.int('transA', 0)]]
    case 'FusedMatMul':
      return [[0, rank - 1 - node.int('transA', 0)]]
    case 'DynamicQuantizeMatMul':
    case 'MatMul':
    case 'MatMulInteger':
    case 'MatMulIntegerToFloat':
    case 'MatMulNBits':
    case 'QLinearMatMul':
      return [[0, rank - 1]]
    case 'LSTM':
    case 'GRU':
    case 'RNN':
      return [
        [0, 2],
        [2, 2],
      ]
    case 'Einsum': {
      const { operands, result } = equationOf(node)
      const written = operands[0] ?? ''
      // An ellipsis stands for axes that are not summed.
      const letters = written.replace('...', result.at(0)?.repeat(rank + 3 - written.length) ?? '')
      const axes = [...letters].flatMap((letter, axis) => (result.includes(letter) ? [] : [axis]))
      return axes.map((axis) => [0, axis])
    }
    case 'LpNormalization':
      return [[0, fromFront(node.int('axis', -1), rank)]]
    default:
      throw new Error(`how ${node.opType} contracts is not known`)
  }
}

/** Where operators on integers have the number that stands for 0. */
const ZERO_POINTS: Readonly<Record<string, number>> = {
  ConvInteger: 2,
  MatMulInteger: 2,
  MatMulIntegerToFloat: 4,
  QGemm: 2,
  QLinearConv: 2,
  QLinearMatMul: 2,
}

/** A copy of the traced model, before anything is removed from it. */
export function maskedModel(trace: AxisTrace, removed: ReadonlySet<number>): Model {
  const kept = new KeptIndices(trace.algebra, removed)
  const copy = copyModel(trace.model)
  const names = new FreshNames(copy)
  const nodes = [...copy.graph.nodes()]
  for (const [index, node] of [...trace.model.graph.nodes()].entries()) {
    const twin = nodes[index]
    if (twin === undefined) continue
    const build = new MaskBuilder(copy, twin, names, kept)
    if (maskNorm(trace, node, twin, build, kept) || !sums(node)) continue
    const axes = node.input(0) === null ? [] : trace.axesOf(node.input(0) as Value)
    const summed = node.is(...SUMS) ? reducedOver(trace, node, axes.length) : null
    for (const [input, axis] of summed ?? contractions(node, axes.length)) {
      const value = node.input(input)
      const labels = value === null ? undefined : trace.axesOf(value)[axis]
      if (value === null || labels === undefined || kept.isWhole(labels)) continue
      const rank = trace.axesOf(value).length
      const zero = ZERO_POINTS[node.opType]
      const given = twin.input(input)
      const masked =
        zero === undefined
          ? build.masked(given, rank, [{ axis, labels }])
          : build.chosen(given, twin.input(zero), rank, { axis, labels })
      twin.setInput(input, masked)
    }
  }
  return copy
}

const SUMS = ['ReduceSum', 'ReduceSumSquare', 'ReduceL1', 'ReduceL2']

function sums(node: Node): boolean {
  const rule = opRule(node)
  return (rule !== 'unknown' && rule.macs !== 'none') || node.is(...SUMS, 'LpNormalization')
}

function reducedOver(trace: AxisTrace, node: Node, rank: number): [number, number][] {
  const operand = node.input(1)
  const constant = operand === null ? null : trace.constant(operand)
  const listed = node.ints('axes') ?? (constant === null ? null : intValues(constant))
  const axes = listed?.map((axis) => fromFront(axis, rank))
  return (axes ?? Array.from({ length: rank }, (_, axis) => axis)).map((axis) => [0, axis])
}

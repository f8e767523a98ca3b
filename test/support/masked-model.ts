// The reference of pruning: the model with the removed channels masked. Every contraction reads zeros at the removed indices, which
// holds whatever lies between two contractions.

import { KeptIndices } from '#engine/prune/kept-indices'
import type { AxisTrace } from '#engine/prune/trace-axes'
import type { Labels } from '#engine/prune/axis-algebra'
import { equationOf } from '#engine/ops/einsum'
import { opRule } from '#engine/ops/registry'
import { FreshNames } from '#engine/rewrite/fresh-names'
import { copyModel } from '#engine/rewrite/copy-model'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { makeTensor } from '#src/onnx/make-tensor'

/** Inputs and their axes that a node sums over. */
function contractions(node: Node, rank: number): [input: number, axis: number][] {
  switch (node.opType) {
    case 'Conv':
    case 'ConvTranspose':
      return [[0, 1]]
    case 'Gemm':
      return [[0, 1 - node.int('transA', 0)]]
    case 'MatMul':
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
      const letters = operands[0] ?? ''
      const axes = [...letters].flatMap((letter, axis) => (result.includes(letter) ? [] : [axis]))
      return axes.map((axis) => [0, axis])
    }
    default:
      throw new Error(`how ${node.opType} contracts is not known`)
  }
}

/** A copy of the traced model, before anything is removed from it. */
export function maskedModel(trace: AxisTrace, removed: ReadonlySet<number>): Model {
  const kept = new KeptIndices(trace.algebra, removed)
  const copy = copyModel(trace.model)
  const names = new FreshNames(copy)
  const nodes = [...copy.graph.nodes()]
  for (const [index, node] of [...trace.model.graph.nodes()].entries()) {
    const twin = nodes[index]
    const rule = opRule(node)
    if (twin === undefined || rule === 'unknown' || rule.macs === 'none') continue
    const axes = node.input(0) === null ? [] : trace.axesOf(node.input(0) as Value)
    for (const [input, axis] of contractions(node, axes.length)) {
      const value = node.input(input)
      const labels = value === null ? undefined : trace.axesOf(value)[axis]
      if (value === null || labels === undefined || kept.isWhole(labels)) continue
      const rank = trace.axesOf(value).length
      mask(copy, twin, input, { labels, rank, axis, kept, names })
    }
  }
  return copy
}

interface Mask {
  readonly labels: Labels
  readonly rank: number
  readonly axis: number
  readonly kept: KeptIndices
  readonly names: FreshNames
}

function mask(model: Model, node: Node, input: number, { labels, rank, axis, kept, names }: Mask) {
  const dims = Array.from({ length: rank }, (_, at) => (at === axis ? labels.size : 1))
  const values = labels.sets.map((set) => (kept.isKept(set) ? 1 : 0))
  const tensor = makeTensor(names.make('mask'), 'float32', dims, values)
  const constant = model.graph.addInitializer(tensor)
  const product = makeNode('Mul', [node.input(input), constant], [names.make('masked')])
  model.graph.insertBefore(product, node)
  node.setInput(input, product.output(0))
}

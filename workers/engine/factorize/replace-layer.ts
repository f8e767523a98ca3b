// One layer as two: the first goes into the space of lower rank, the second out of it.

import type { Matrix } from 'ml-matrix'
import { Node } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import { typedTensor } from '#src/onnx/ir/tensor'
import { Value } from '#src/onnx/ir/value'
import type { FactoredLayer } from '../ops/integer-kernel.ts'
import type { FreshNames } from '../rewrite/fresh-names.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { WeightReading } from '../prune/reading-layers.ts'
import type { LowRank } from './low-rank.ts'

/** The second takes the layer's name, its result and what it adds. */
export function replaceLayer(
  { node, weight, tensor, axis }: WeightReading,
  layer: FactoredLayer,
  { left, right }: LowRank,
  names: FreshNames,
): void {
  const { graph } = node
  if (graph === null || axis === 'none') return
  const label = labelOf(node)
  const rank = left.columns
  const [, , ...window] = tensor.dims
  const isMatrix = layer.kind === 'matrix'
  const first = matrixTensor(names.make(`${tensor.name}_in`), right, isMatrix && axis === 0, window)
  const ones = window.map(() => 1)
  const second = matrixTensor(names.make(`${tensor.name}_out`), left, isMatrix && axis === 0, ones)
  const between = new Value(names.make(`${label}_rank_${rank}`), null)
  const weightAt = node.inputs.indexOf(weight)
  const inner = new Node({
    opType: node.opType,
    domain: node.domain,
    overload: node.overload,
    name: node.name === '' ? '' : names.make(`${node.name}_in`),
    inputs: node.inputs.slice(0, weightAt + 1),
    outputs: [between],
    attributes: layer.first,
  })
  inner.setInput(weightAt, graph.addInitializer(first))
  graph.insertBefore(inner, node)
  node.setInput(0, between)
  node.setInput(weightAt, graph.addInitializer(second))
  node.attributes.clear()
  for (const attribute of layer.second) node.attributes.set(attribute.name, attribute)
}

/** Rows are outputs; of a matrix whose inputs come first ([K, N]), columns are. */
function matrixTensor(
  name: string,
  rows: Matrix,
  isTransposed: boolean,
  window: readonly number[],
): Tensor {
  const matrix = isTransposed ? rows.transpose() : rows
  const places = window.reduce((product, size) => product * size, 1)
  const dims =
    window.length === 0
      ? [matrix.rows, matrix.columns]
      : [matrix.rows, matrix.columns / places, ...window]
  return typedTensor(name, 'float32', dims, Float32Array.from(matrix.to1DArray()))
}

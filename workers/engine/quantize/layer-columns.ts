// What each output of a layer sees, as columns. Windows of a convolution are laid out by a depthwise convolution with one-hot kernels,
// which takes over strides, pads and dilations.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { GraphStatistics } from './graph-statistics.ts'
import type { IntegerSite } from './quantization-sites.ts'

export interface LayerShape {
  readonly groups: number
  readonly inputs: number
}

export interface LayerColumns {
  readonly columns: Value
  readonly isMatrix: boolean
}

/** The reason where the layer cannot be done; `null` for nodes without a weight. */
export function layerShape(
  node: Node,
  { weight, kernel }: IntegerSite,
  mostInputs: number,
): LayerShape | string | null {
  if (weight === 'none' || kernel.weight === 'none') return null
  const dims = node.input(weight)?.constant?.dims ?? []
  if (kernel.weight.channels === -1) {
    const axis = kernel.weight.inputAxis(node, dims)
    if (axis === 'none') return 'its weight is no matrix'
    const inputs = dims[axis] ?? 1
    return inputs > mostInputs ? `it has ${inputs} inputs per output` : { groups: 1, inputs }
  }
  const inputs = dims.slice(1).reduce((product, dim) => product * dim, 1)
  if (inputs > mostInputs) return `it has ${inputs} inputs per output`
  return { groups: node.int('group', 1), inputs }
}

/** [samples, groups, inputs, positions], or [1, inputs, positions] of a matrix product. */
export function appendColumns(
  statistics: GraphStatistics,
  node: Node,
  { weight, kernel }: IntegerSite,
  { groups, inputs }: LayerShape,
): LayerColumns {
  const input = node.input(0)
  const dims = weight === 'none' ? [] : (node.input(weight)?.constant?.dims ?? [])
  if (input === null || kernel.weight === 'none')
    throw new Error(`${node.describe()} reads nothing`)
  const side = BigInt(inputs)
  if (kernel.weight.channels === -1) {
    const rows = statistics.op('Reshape', [input, statistics.integers([1n, -1n, side])])
    return { columns: statistics.transposed(rows, [0, 2, 1]), isMatrix: true }
  }
  const window = dims.slice(2)
  const size = window.reduce((product, dim) => product * dim, 1)
  const channels = groups * (dims[1] ?? 1)
  const kernels = new Float32Array(channels * size * size)
  for (let row = 0; row < channels * size; row += 1) kernels[row * size + (row % size)] = 1
  const oneHot = statistics.graph.addInitializer(
    typedTensor(
      statistics.name('stat_windows'),
      'float32',
      [channels * size, 1, ...window],
      kernels,
    ),
  )
  const attributes = ['strides', 'pads', 'auto_pad', 'dilations', 'kernel_shape'].flatMap(
    (name) => {
      const attribute = node.attributes.get(name)
      return attribute === undefined ? [] : [attribute]
    },
  )
  const windows = statistics.op(
    'Conv',
    [input, oneHot],
    [...attributes, intAttribute('group', channels)],
  )
  const shape = statistics.integers([0n, BigInt(groups), side, -1n])
  return { columns: statistics.op('Reshape', [windows, shape]), isMatrix: false }
}

/** Σ x·yᵀ over samples and positions of two layers' columns: [groups, inputs, inputs]. */
export function appendProducts(
  statistics: GraphStatistics,
  { columns, isMatrix }: LayerColumns,
  others: LayerColumns,
): Value {
  const rows = statistics.transposed(others.columns, isMatrix ? [0, 2, 1] : [0, 1, 3, 2])
  const products = statistics.op('MatMul', [columns, rows])
  return isMatrix ? products : statistics.sumOfBatch(products)
}

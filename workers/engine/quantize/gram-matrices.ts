// G = Σ x·xᵀ over the inputs that each output of a layer sees, summed in the graph. Windows of a convolution are laid out by a
// depthwise convolution with one-hot kernels, which takes over strides, pads and dilations.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { modelBytes } from '#src/onnx/write-model'
import { copyModel } from '../rewrite/copy-model.ts'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Feeds } from './activation-statistics.ts'
import { GraphStatistics } from './graph-statistics.ts'
import type { IntegerSite } from './quantization-sites.ts'
import { findSites } from './quantization-sites.ts'
import type { GramMatrix } from './round-by-gram.ts'

/** Inputs per output: a matrix of this side takes 10 MB, and rounding grows with its square. */
const MOST_INPUTS = 1152

export interface GramMatrices {
  readonly matrices: ReadonlyMap<string, GramMatrix>
  readonly declined: readonly Declined[]
}

interface LayerShape {
  readonly groups: number
  readonly inputs: number
}

/** By the labels of the layers. The model stays as it is. `mostInputs`: layers with more per output are declined. */
export async function gramMatrices(
  source: Model,
  excluded: ReadonlySet<string>,
  batches: readonly Feeds[],
  runtime: Runtime,
  threads: number,
  mostInputs = MOST_INPUTS,
): Promise<GramMatrices> {
  const model = copyModel(source)
  const statistics = new GraphStatistics(model)
  const shapes = new Map<string, LayerShape>()
  const declined: Declined[] = []
  const outputs: Value[] = []
  for (const [node, site] of findSites(model, excluded).integer) {
    const shape = shapeOf(node, site, mostInputs)
    if (shape === null) continue
    if (typeof shape === 'string') {
      declined.push({ rule: 'adaround', node: labelOf(node), reason: shape })
      continue
    }
    const gram = appendGram(statistics, node, site, shape)
    shapes.set(labelOf(node), shape)
    outputs.push(gram)
  }
  if (outputs.length === 0) return { matrices: new Map(), declined }
  model.graph.outputs.splice(0, model.graph.outputs.length, ...outputs)
  sweepDeadCode(model)
  const options = { threads, optimization: 'basic', memoryPattern: false } as const
  const session = await runtime.load(modelBytes(model, 'inline'), options)
  const matrices = new Map<string, GramMatrix>()
  try {
    for (const batch of batches) {
      const results = await session.run(batch)
      for (const [index, [label, shape]] of [...shapes].entries()) {
        const data = results[outputs[index]?.name ?? '']?.data ?? []
        const values = matrices.get(label)?.values ?? new Float64Array(data.length)
        for (let at = 0; at < data.length; at += 1) {
          values[at] = (values[at] ?? 0) + Number(data[at])
        }
        matrices.set(label, { values, ...shape })
      }
    }
  } finally {
    await session.release()
  }
  return { matrices, declined }
}

/** The reason where the layer cannot be done; `null` for nodes without a weight. */
function shapeOf(
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
  if (node.string('auto_pad', 'NOTSET') !== 'NOTSET') return 'its pads are not written out'
  const inputs = dims.slice(1).reduce((product, dim) => product * dim, 1)
  if (inputs > mostInputs) return `it has ${inputs} inputs per output`
  return { groups: node.int('group', 1), inputs }
}

/** [groups, inputs, inputs] of one batch. */
function appendGram(
  statistics: GraphStatistics,
  node: Node,
  { weight, kernel }: IntegerSite,
  { groups, inputs }: LayerShape,
): Value {
  const input = node.input(0)
  const dims = weight === 'none' ? [] : (node.input(weight)?.constant?.dims ?? [])
  if (input === null || kernel.weight === 'none')
    throw new Error(`${node.describe()} reads nothing`)
  const side = BigInt(inputs)
  if (kernel.weight.channels === -1) {
    const rows = statistics.op('Reshape', [input, statistics.integers([1n, -1n, side])])
    const columns = statistics.transposed(rows, [0, 2, 1])
    return statistics.op('MatMul', [columns, rows])
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
  const attributes = ['strides', 'pads', 'dilations', 'kernel_shape'].flatMap((name) => {
    const attribute = node.attributes.get(name)
    return attribute === undefined ? [] : [attribute]
  })
  const windows = statistics.op(
    'Conv',
    [input, oneHot],
    [...attributes, intAttribute('group', channels)],
  )
  const shape = statistics.integers([0n, BigInt(groups), side, -1n])
  const columns = statistics.op('Reshape', [windows, shape])
  const products = statistics.op('MatMul', [columns, statistics.transposed(columns, [0, 1, 3, 2])])
  return statistics.sumOfBatch(products)
}

// LSTM layers whose inputs and states are quantized while running: the runtime's own DynamicQuantizeLSTM. With 64, 128, 256 and 512
// units it took 1.3, 1.8, 2.6 and 3.9 times less than float. Weights are [directions, inputs, 4 · units], one scale per direction
// or per unit and gate.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { tensorSize } from '#src/onnx/ir/tensor'
import { labelOf } from '../rewrite/pass.ts'
import type { ConstantStore } from './constant-store.ts'
import { transposedMatrix } from './dynamic-sites.ts'
import type { DynamicSettings } from './emit-dynamic.ts'
import { finiteWeights, quantizeWeight, weightScales } from './quantize-weight.ts'

const CONTRIB = 'com.microsoft'

/** Of the weights of inputs and of states: where they are read, and where their scales and zero points go. */
const WEIGHTS = [
  { input: 1, scales: 8, zeros: 9 },
  { input: 2, scales: 10, zeros: 11 },
] as const

const LEAST_ELEMENTS = 1024

/** Of the main graph, with constant float32 weights and the steps first. */
export function dynamicLstms(model: Model, excluded: ReadonlySet<string>): Node[] {
  return [...model.graph.nodes()].filter((node) => {
    if (!node.is('LSTM') || excluded.has(labelOf(node)) || node.int('layout', 0) !== 0) return false
    return WEIGHTS.every(({ input }) => {
      const tensor = node.input(input)?.constant
      return tensor?.dtype === 'float32' && tensorSize(tensor) >= LEAST_ELEMENTS
    })
  })
}

/** With fewer units nothing is gained; who times what comes out need not ask. */
const LEAST_UNITS = 64

export function paysUntimed(node: Node): boolean {
  return (node.input(2)?.constant?.dims.at(-1) ?? 0) >= LEAST_UNITS
}

/**
 * Changes the model in place; the nodes keep their names.
 * @throws OnnxError invalid_weights when weights are not finite
 */
export function emitLstms(
  model: Model,
  store: ConstantStore,
  nodes: readonly Node[],
  settings: DynamicSettings,
): void {
  for (const node of nodes) {
    if (node.name === '') node.name = labelOf(node)
    for (const { input, scales, zeros } of WEIGHTS) {
      const stored = storedWeight(node.input(input), store, settings)
      node.setInput(input, stored.integers)
      node.setInput(scales, stored.scales)
      node.setInput(zeros, stored.zeros)
    }
    node.opType = 'DynamicQuantizeLSTM'
    node.domain = CONTRIB
    node.attributes.delete('layout')
  }
  const isImported = model.opsetImports.some(({ domain }) => domain === CONTRIB)
  if (nodes.length > 0 && !isImported) model.opsetImports.push({ domain: CONTRIB, version: 1 })
}

function storedWeight(
  weight: Value | null,
  store: ConstantStore,
  { perChannel, limit }: DynamicSettings,
): Record<'integers' | 'scales' | 'zeros', Value> {
  const tensor = weight?.constant
  if (!tensor) throw new Error('the weight of a recurrent layer is no constant')
  const [directions = 1, gates = 1, inputs = 1] = tensor.dims
  const values = finiteWeights(tensor)
  const rows = perChannel ? directions * gates : directions
  const layout = { dims: [rows, values.length / rows], axis: 0 }
  const { values: integers, scales } = quantizeWeight(
    values,
    layout,
    weightScales(values, layout, limit),
    limit,
  )
  const turned = new Int8Array(integers.length)
  const size = gates * inputs
  for (let direction = 0; direction < directions; direction += 1) {
    const own = Float32Array.from(integers.subarray(direction * size, (direction + 1) * size))
    turned.set(transposedMatrix(own, gates, inputs), direction * size)
  }
  const dims = perChannel ? [directions, gates] : [directions]
  return {
    integers: store.int8(turned, [directions, inputs, gates]),
    scales: store.float32(scales, dims),
    zeros: store.int8(new Int8Array(rows), dims),
  }
}

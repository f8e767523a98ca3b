// What SparseGPT costs before it is tried.

import type { Model } from '#src/onnx/ir/model'
import { tensorSize } from '#src/onnx/ir/tensor'
import { weightReadings } from '../reading-layers.ts'

/** Multiply-accumulates that fit each layer to what it sees: rows · inputs² of its weight [rows, inputs], of one of its groups. */
export function obsWork(model: Model): number {
  const read = new Map(weightReadings(model).map((reading) => [reading.weight, reading]))
  return [...read.values()].reduce((sum, { tensor, axis }) => {
    const [rows = 1] = tensor.dims
    const elements = tensorSize(tensor)
    const isMatrix = tensor.dims.length === 2 && axis !== 'none'
    const inputs = isMatrix ? (tensor.dims[axis] ?? 1) : elements / Math.max(1, rows)
    return sum + elements * inputs
  }, 0)
}

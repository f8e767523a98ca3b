// Inputs for timing and for measuring memory: of the right type and shape; the values decide nothing.

import type { DataType } from '#src/onnx/ir/data-type'
import type { RuntimeTensor, RuntimeValueInfo } from '../runtime/runtime.ts'
import { emptyData } from './tensor-data.ts'

export interface InputShape {
  readonly dtype: DataType
  readonly shape: readonly number[]
}

/**
 * Concrete shapes: the first axis becomes `batch` where the model leaves it open, other open axes take `known` or 1.
 * `null` when an input is no tensor or its rank is unknown.
 */
export function concreteShapes(
  inputs: readonly RuntimeValueInfo[],
  batch: number,
  known: Readonly<Record<string, readonly number[]>> = {},
): Record<string, InputShape> | null {
  const shapes: Record<string, InputShape> = {}
  for (const { name, dtype, shape } of inputs) {
    const sample = known[name]
    if (dtype === 'none' || (shape === null && sample === undefined)) return null
    const dims = shape ?? sample?.map(() => null) ?? []
    shapes[name] = {
      dtype,
      shape: dims.map((dim, axis) => {
        if (typeof dim === 'number' && dim > 0) return dim
        return axis === 0 ? batch : (sample?.[axis] ?? 1)
      }),
    }
  }
  return shapes
}

/** Uniform in [0, 1) for floats, zeros for integers: an index of any table. */
export function randomFeeds(
  shapes: Readonly<Record<string, InputShape>>,
): Record<string, RuntimeTensor> {
  let state = 0x9e3779b9
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const feeds: Record<string, RuntimeTensor> = {}
  for (const [name, { dtype, shape }] of Object.entries(shapes)) {
    const data = emptyData(
      dtype,
      shape.reduce((product, dim) => product * dim, 1),
    )
    if (data instanceof Float32Array || data instanceof Float64Array) {
      for (let index = 0; index < data.length; index += 1) data[index] = next()
    }
    feeds[name] = { dtype, dims: shape, data }
  }
  return feeds
}

// Operators that write elements by index; the result has the shape of the data written into.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import type { Element } from './element.ts'
import { sizeOf } from './element.ts'
import { generate, stridesOf } from './element-maps.ts'
import { like, sameAsFirst } from './elementwise.ts'
import { tensor } from './fact.ts'
import type { PartialTensor } from './partial-tensor.ts'

interface Operands {
  readonly data: PartialTensor
  readonly indices: readonly number[]
  readonly indexDims: readonly number[]
  readonly updates: readonly Element[]
}

/** The three inputs, when their elements are followed and plainly replace one another. */
function operandsOf(call: Call): Operands | null {
  if (call.string('reduction', 'none') !== 'none') return null
  const data = call.data(0)
  const indices = data === null ? null : call.data(1)
  const updates = indices === null ? null : call.data(2)
  if (data === null || indices === null || updates === null) return null
  const numbers: number[] = []
  for (const element of indices.elements) {
    const size = sizeOf(element)
    if (typeof size !== 'number') return null
    numbers.push(size)
  }
  return { data, indices: numbers, indexDims: indices.dims, updates: updates.elements }
}

function wrapped(index: number, size: number): number {
  return index < 0 ? index + size : index
}

/** output[indices[i..., axis at the given one]] = updates[i...]. */
const scatterElements: ShapeRule = (call) => {
  const operands = operandsOf(call)
  if (operands === null) return [like(call)]
  const { data, indices, indexDims, updates } = operands
  const axis = call.axis(call.int('axis', 0), data.dims.length)
  const strides = stridesOf(data.dims)
  const elements = [...data.elements]
  let next = 0
  generate(indexDims, (index) => {
    const along = wrapped(indices[next] ?? 0, data.dims[axis ?? 0] ?? 0)
    const flat = index.reduce(
      (sum, at, axisAt) => sum + (axisAt === axis ? along : at) * (strides[axisAt] ?? 0),
      0,
    )
    elements[flat] = updates[next] ?? null
    next += 1
    return null
  })
  return [tensor(call.dtype(0), call.shape(0), elements)]
}

/** The last axis of the indices is a prefix of an index of the data; whole slices are replaced. */
const scatterNd: ShapeRule = (call) => {
  const operands = operandsOf(call)
  const depth = operands?.indexDims.at(-1)
  if (operands === null || depth === undefined) return [like(call)]
  const { data, indices, updates } = operands
  const strides = stridesOf(data.dims)
  const width = data.dims.slice(depth).reduce((product, dim) => product * dim, 1)
  const elements = [...data.elements]
  const rows = depth === 0 ? 0 : indices.length / depth
  for (let row = 0; row < rows; row += 1) {
    let start = 0
    for (let axis = 0; axis < depth; axis += 1) {
      const at = wrapped(indices[row * depth + axis] ?? 0, data.dims[axis] ?? 0)
      start += at * (strides[axis] ?? 0)
    }
    for (let at = 0; at < width; at += 1) elements[start + at] = updates[row * width + at] ?? null
  }
  return [tensor(call.dtype(0), call.shape(0), elements)]
}

export const SCATTER_RULES: RuleTable = {
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  TensorScatter: sameAsFirst,
}

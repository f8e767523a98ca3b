// Operators that read elements by index: Gather and its relatives, OneHot, NonZero, TopK and others.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import { sizeOf } from './element.ts'
import { generate, move, smallDims, stridesOf } from './element-maps.ts'
import { ofRank, tensor } from './fact.ts'
import type { TensorFact } from './fact.ts'
import type { MaybeSize } from './symbols.ts'
import { product } from './symbols.ts'

/** data[:axis] + indices + data[axis+1:]. */
const gather: ShapeRule = (call) => {
  const data = call.shape(0)
  const indices = call.shape(1)
  if (data === null || indices === null) return [tensor(call.dtype(0), null)]
  const axis = call.axis(call.int('axis', 0), data.length)
  if (axis === null) return [tensor(call.dtype(0), null)]
  const shape = [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)]
  return [tensor(call.dtype(0), shape, gatheredElements(call, axis, shape))]
}

function gatheredElements(call: Call, axis: number, shape: readonly MaybeSize[]) {
  const data = call.data(0)
  const picks = data === null ? null : call.data(1)
  const dims = picks === null ? null : smallDims(shape)
  if (data === null || picks === null || dims === null) return null
  const strides = stridesOf(data.dims)
  const pickStrides = stridesOf(picks.dims)
  const along = data.dims[axis] ?? 0
  return generate(dims, (index) => {
    let flat = 0
    for (let at = 0; at < axis; at += 1) flat += (index[at] ?? 0) * (strides[at] ?? 0)
    let pick = 0
    for (const [at, stride] of pickStrides.entries()) pick += stride * (index[axis + at] ?? 0)
    const chosen = sizeOf(picks.elements[pick])
    if (typeof chosen !== 'number' || chosen >= along || chosen < -along) return null
    flat += (chosen < 0 ? chosen + along : chosen) * (strides[axis] ?? 0)
    for (let at = axis + 1; at < strides.length; at += 1) {
      flat += (index[at - 1 + picks.dims.length] ?? 0) * (strides[at] ?? 0)
    }
    return data.elements[flat] ?? null
  })
}

const gatherElements: ShapeRule = (call) => {
  const shape = call.shape(1)
  const rank = call.rank(0)
  const axis = rank === null ? null : call.axis(call.int('axis', 0), rank)
  const data = call.data(0)
  const picks = data === null ? null : call.numbers(1)
  const dims = smallDims(shape)
  if (axis === null || data === null || picks === null || dims === null) {
    return [tensor(call.dtype(0), shape)]
  }
  const strides = stridesOf(dims)
  const along = data.dims[axis] ?? 0
  const elements = move(data, dims, (index) => {
    const flat = index.reduce((sum, at, axisAt) => sum + at * (strides[axisAt] ?? 0), 0)
    const chosen = picks[flat] ?? 0
    return index.map((at, axisAt) =>
      axisAt === axis ? (chosen < 0 ? chosen + along : chosen) : at,
    )
  })
  return [tensor(call.dtype(0), shape, elements)]
}

/** indices[:-1] + data[batch_dims + indices[-1]:]. */
const gatherNd: ShapeRule = (call) => {
  const data = call.shape(0)
  const indices = call.shape(1)
  const depth = indices?.at(-1)
  if (data === null || indices === null || typeof depth !== 'number') {
    return [tensor(call.dtype(0), null)]
  }
  const rest = data.slice(call.int('batch_dims', 0) + depth)
  return [tensor(call.dtype(0), [...indices.slice(0, -1), ...rest])]
}

/** A new axis of `depth` entries; values are [off, on]. */
const oneHot: ShapeRule = (call) => {
  const indices = call.shape(0)
  if (indices === null) return [tensor(call.dtype(2), null)]
  const axis = call.axis(call.int('axis', -1), indices.length + 1) ?? indices.length
  const sizes = [...indices.slice(0, axis), call.scalar(1), ...indices.slice(axis)]
  return [tensor(call.dtype(2), sizes)]
}

/** [rank, count]; the count is data. */
const nonZero: ShapeRule = (call) => {
  const data = call.data(0)
  const rank = call.rank(0)
  if (
    data === null ||
    rank === null ||
    data.elements.some((element) => typeof element !== 'number')
  ) {
    return [tensor('int64', [rank === 0 ? null : rank, null])]
  }
  const hits: (readonly number[])[] = []
  let flat = 0
  generate(data.dims, (index) => {
    if (data.elements[flat] !== 0) hits.push([...index])
    flat += 1
    return null
  })
  if (rank === 0) return [tensor('int64', [null, hits.length])]
  const elements = data.dims.flatMap((_, axis) => hits.map((index) => index[axis] ?? null))
  return [tensor('int64', [rank, hits.length], elements)]
}

const compress: ShapeRule = (call) => {
  const shape = call.shape(0)
  const chosen = call.numbers(1)?.filter((flag) => flag !== 0).length ?? null
  const given = call.attribute('axis')
  if (given === null) return [tensor(call.dtype(0), [chosen])]
  if (shape === null) return [tensor(call.dtype(0), null)]
  const axis = call.axis(call.int('axis', 0), shape.length)
  return [
    tensor(
      call.dtype(0),
      shape.map((size, at) => (at === axis ? chosen : size)),
    ),
  ]
}

/** Values, first positions, the position of each element among the values, counts. */
const unique: ShapeRule = (call) => {
  const shape = call.shape(0)
  const given = call.attribute('axis')
  const axis =
    given === null || shape === null ? null : call.axis(call.int('axis', 0), shape.length)
  const found = tensor('int64', [null])
  const [count = null] = found.shape ?? []
  const values =
    given === null ? [count] : (shape?.map((size, at) => (at === axis ? count : size)) ?? null)
  const whole =
    given === null ? (shape === null ? null : product(shape)) : (shape?.[axis ?? 0] ?? null)
  return [tensor(call.dtype(0), values), found, tensor('int64', [whole]), found]
}

/** k is an attribute before opset 10. */
const topK: ShapeRule = (call) => {
  const shape = call.shape(0)
  const k = call.opset >= 10 ? call.scalar(1) : call.int('k', 1)
  if (shape === null) return [tensor(call.dtype(0), null), tensor('int64', null)]
  const axis = call.axis(call.int('axis', -1), shape.length)
  const { shape: sizes } = tensor(
    'int64',
    shape.map((size, at) => (at === axis ? k : size)),
  )
  return [tensor(call.dtype(0), sizes), tensor('int64', sizes)]
}

/** Rows of (batch, class, box). */
const nonMaxSuppression: ShapeRule = () => [tensor('int64', [null, 3])]

/** ai.onnx.ml ArrayFeatureExtractor: columns of the last axis. */
export function pickedColumns(call: Call): TensorFact {
  const shape = call.shape(0)
  const picks = call.shape(1)
  if (shape === null || picks === null) return ofRank(call.dtype(0), shape?.length ?? null)
  const rows = shape.length === 1 ? [1] : shape.slice(0, -1)
  return tensor(call.dtype(0), [...rows, product(picks)])
}

export const INDEXING_RULES: RuleTable = {
  Compress: compress,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  NonMaxSuppression: nonMaxSuppression,
  NonZero: nonZero,
  OneHot: oneHot,
  TopK: topK,
  Unique: unique,
}

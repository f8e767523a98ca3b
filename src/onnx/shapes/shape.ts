// Operators on the shape itself: Shape, Size, Reshape, Transpose, Squeeze, Unsqueeze, Flatten.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import { MAX_RANK } from './call.ts'
import { move } from './element-maps.ts'
import type { Size } from './expression.ts'
import type { TensorFact } from './fact.ts'
import { ofRank, tensor } from './fact.ts'
import { reshapeSizes } from './reshape-sizes.ts'
import type { MaybeSize } from './symbols.ts'
import { product } from './symbols.ts'

/** The elements in the same order under another shape. */
export function reshaped(call: Call, shape: readonly MaybeSize[] | null): TensorFact {
  return tensor(call.dtype(0), shape, call.data(0)?.elements ?? null)
}

/** Since opset 15 `start` and `end` cut the list. */
const shapeOf: ShapeRule = (call) => {
  const shape = call.shape(0)
  if (shape === null) return [ofRank('int64', 1)]
  const start = clampAxis(call.int('start', 0), shape.length)
  const end = clampAxis(call.int('end', shape.length), shape.length)
  const sizes = shape.slice(start, Math.max(start, end))
  return [tensor('int64', [sizes.length], sizes)]
}

function clampAxis(axis: number, rank: number): number {
  return Math.min(Math.max(axis < 0 ? axis + rank : axis, 0), rank)
}

const sizeOfTensor: ShapeRule = (call) => {
  const shape = call.shape(0)
  return [tensor('int64', [], shape === null ? null : [product(shape)])]
}

const reshape: ShapeRule = (call) => {
  const target = call.opset < 5 && !call.has(1) ? call.ints('shape') : call.sizes(1)
  if (target === null) {
    const rank = call.dim(1, 0)
    return [ofRank(call.dtype(0), typeof rank === 'number' && rank <= MAX_RANK ? rank : null)]
  }
  return [reshaped(call, reshapeSizes(call, target, call.int('allowzero', 0) !== 0))]
}

const transpose: ShapeRule = (call) => {
  const shape = call.shape(0)
  const given = call.ints('perm')
  if (shape === null) return [ofRank(call.dtype(0), given?.length ?? null)]
  const permutation = given ?? shape.map((_, axis) => shape.length - 1 - axis)
  if (permutation.length !== shape.length) {
    call.problem(`perm has ${permutation.length} entries for rank ${shape.length}`)
    return [ofRank(call.dtype(0), shape.length)]
  }
  const sizes = permutation.map((axis) => shape[axis] ?? null)
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis))
  const elements = move(call.data(0), sizes, (index) => inverse.map((at) => index[at] ?? 0))
  return [tensor(call.dtype(0), sizes, elements)]
}

/** Axes from the attribute (before opset 13) or from input 1; `absent`, or `null` when not known. */
export function axesOf(call: Call, input = 1): number[] | 'absent' | null {
  const attribute = call.ints('axes')
  if (attribute !== null) return attribute
  return call.has(input) ? call.numbers(input) : 'absent'
}

const squeeze: ShapeRule = (call) => {
  const shape = call.shape(0)
  const axes = axesOf(call)
  if (shape === null || axes === null) return [squeezedRank(call, shape)]
  if (axes !== 'absent') {
    const dropped = axes.map((axis) => call.axis(axis, shape.length))
    for (const axis of dropped) {
      const size = axis === null ? 1 : shape[axis]
      if (typeof size === 'number' && size !== 1) call.problem(`cannot squeeze a size of ${size}`)
    }
    return [
      reshaped(
        call,
        shape.filter((_, axis) => !dropped.includes(axis)),
      ),
    ]
  }
  // Without axes all ones go, so every other size must be known not to be one of them.
  const decided = shape.every((size) => typeof size === 'number')
  return [
    decided
      ? reshaped(
          call,
          shape.filter((size) => size !== 1),
        )
      : ofRank(call.dtype(0), null),
  ]
}

function squeezedRank(call: Call, shape: readonly Size[] | null): TensorFact {
  const count = call.dim(1, 0)
  if (shape === null || typeof count !== 'number') return ofRank(call.dtype(0), null)
  return ofRank(call.dtype(0), Math.max(0, shape.length - count))
}

const unsqueeze: ShapeRule = (call) => {
  const shape = call.shape(0)
  const axes = axesOf(call)
  if (shape === null || axes === null || axes === 'absent') {
    const count = axes === null ? call.dim(1, 0) : (axes.length ?? null)
    const known = shape !== null && typeof count === 'number' && count <= MAX_RANK
    return [ofRank(call.dtype(0), known ? shape.length + count : null)]
  }
  const rank = shape.length + axes.length
  const added = axes.map((axis) => call.axis(axis, rank))
  const rest = [...shape]
  const sizes = Array.from({ length: rank }, (_, axis) =>
    added.includes(axis) ? 1 : (rest.shift() ?? null),
  )
  return [reshaped(call, sizes)]
}

/** [∏ dims before axis, ∏ dims from axis]. */
const flatten: ShapeRule = (call) => {
  const shape = call.shape(0)
  if (shape === null) return [ofRank(call.dtype(0), 2)]
  const given = call.int('axis', 1)
  const axis = given < 0 ? given + shape.length : given
  return [reshaped(call, [product(shape.slice(0, axis)), product(shape.slice(axis))])]
}

export const SHAPE_RULES: RuleTable = {
  Flatten: flatten,
  Reshape: reshape,
  Shape: shapeOf,
  Size: sizeOfTensor,
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
}

// Gradients of operators that pick elements: what was picked goes back to where it came from, added up.

import type { Attribute } from '#src/onnx/ir/attribute'
import { intAttribute, stringAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'
import { fromFront } from './pass-axes.ts'
import { sliceBounds } from './slice-bounds.ts'

const ADD = stringAttribute('reduction', 'add')

/**
 * For any operator that moves elements without changing them: applied to the positions 0, 1, 2, … of its input's elements, it
 * tells where each element of its output came from.
 */
export const backToPositions: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const { node } = call
  const x = call.x(0)
  const size = g.op('Size', [x])
  const positions = g.op('Range', [g.int(0), size, g.int(1)])
  const operands = [g.op('Reshape', [positions, g.shapeOf(x)]), ...node.inputs.slice(1)]
  const picked = g.op(node.opType, operands, [...node.attributes.values()])
  const flat = g.ints([-1])
  const zeros = g.op('Expand', [g.scalar(0, x), g.op('Reshape', [size, flat])])
  const sources = g.op('Reshape', [picked, flat])
  const updates = g.op('Reshape', [dy, flat])
  const sum = g.op('ScatterElements', [zeros, sources, updates], [intAttribute('axis', 0), ADD])
  return [g.reshapeLike(sum, x)]
}

/** Rows of a table: ScatterND adds dy to the rows, the indexed axis brought to the front. */
export const gatherGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const [x, indices] = [call.x(0), call.x(1)]
  const rank = call.rank(x)
  const indexRank = call.rank(indices)
  const axis = fromFront(call.node.int('axis', 0), rank)
  const rows = g.unsqueeze(indices, [-1])
  if (axis === 0) return [g.op('ScatterND', [g.zerosLike(x), rows, dy], [ADD])]
  const toFront = (value: Value, count: number, total: number): Value => {
    const moved = Array.from({ length: count }, (_, offset) => axis + offset)
    const rest = [...Array(total).keys()].filter((one) => !moved.includes(one))
    return g.transpose(value, [...moved, ...rest])
  }
  const updates = toFront(dy, indexRank, rank - 1 + indexRank)
  const zeros = toFront(g.zerosLike(x), 1, rank)
  const sum = g.op('ScatterND', [zeros, rows, updates], [ADD])
  const back = [...Array(rank).keys()].filter((one) => one > 0)
  back.splice(axis, 0, 0)
  return [g.transpose(sum, back)]
}

export const gatherElementsGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  return [scatterAdd(g, call.x(0), call.x(1), dy, call.node.int('axis', 0))]
}

function scatterAdd(g: GradientBuilder, x: Value, indices: Value, dy: Value, axis: number): Value {
  const attributes = [intAttribute('axis', axis), ADD]
  return g.op('ScatterElements', [g.zerosLike(x), indices, dy], attributes)
}

export const gatherNdGradient: GradientRecipe = (g, call) => {
  if (call.node.int('batch_dims', 0) !== 0) return backToPositions(g, call)
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  return [g.op('ScatterND', [g.zerosLike(call.x(0)), call.x(1), dy], [ADD])]
}

/** The values go back to the positions that the second output names. */
export const topKGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  return [scatterAdd(g, call.x(0), call.y(1), dy, call.node.int('axis', -1))]
}

/** Elements that were overwritten have no part in the output; those written have what Gather reads there. */
function scatterGradient(
  gather: string,
  keep: (call: GradientCall) => Attribute[],
): GradientRecipe {
  return (g, call) => {
    const dy = call.dy(0)
    if (dy === null) return []
    const { node } = call
    const reduction = node.string('reduction', 'none')
    if (reduction !== 'none' && reduction !== 'add') refuse(call, `reduction ${reduction}`)
    const [indices, updates] = [call.x(1), call.x(2)]
    const attributes = keep(call)
    const erased = () =>
      reduction === 'add' ? dy : g.op(node.opType, [dy, indices, g.zerosLike(updates)], attributes)
    return [
      call.wants(0) ? erased() : null,
      null,
      call.wants(2) ? g.op(gather, [dy, indices], attributes) : null,
    ]
  }
}

export const scatterElementsGradient = scatterGradient('GatherElements', (call) => [
  intAttribute('axis', call.node.int('axis', 0)),
])

export const scatterNdGradient = scatterGradient('GatherND', () => [])

/** One contiguous range per axis: the rest is padded with zeros. Otherwise by positions. */
export const sliceGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const pads = padsOfSlice(call)
  if (pads === 'unknown') return backToPositions(g, call)
  return [g.op('Pad', [dy, g.ints(pads)])]
}

function padsOfSlice(call: GradientCall): number[] | 'unknown' {
  const shape = call.shape(call.x(0))
  const bounds = sliceBounds(call.node, call, shape?.length ?? 0)
  if (bounds === 'unknown' || shape === null) return 'unknown'
  const before = shape.map(() => 0)
  const after = shape.map(() => 0)
  for (const { axis, start, end, step } of bounds) {
    const size = shape[axis]
    if (typeof size !== 'number' || step !== 1) return 'unknown'
    const clamp = (bound: number) => Math.min(size, Math.max(0, bound < 0 ? bound + size : bound))
    before[axis] = clamp(start)
    after[axis] = size - Math.max(clamp(end), clamp(start))
  }
  return [...before, ...after]
}

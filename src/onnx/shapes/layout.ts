// Operators that join, split, repeat, pad and rearrange: Concat, Split, Expand, Tile, Pad, DepthToSpace and others.

import { broadcastTwo, unify } from './broadcast.ts'
import type { Call, RuleTable, ShapeRule } from './call.ts'
import type { Element } from './element.ts'
import { broadcastReader, generate, move, smallDims } from './element-maps.ts'
import type { Fact } from './fact.ts'
import { ofRank, tensor } from './fact.ts'
import { splitFacts, splitSizes } from './split.ts'
import type { MaybeSize } from './symbols.ts'
import { add, exactDivide, floorDivide, multiply, sum } from './symbols.ts'

export const concat: ShapeRule = (call) => [concatFacts(call, call.facts(), call.int('axis', 1))]

/** Along an axis of tensors that agree in all other sizes. */
export function concatFacts(call: Call, facts: readonly (Fact | null)[], axisGiven: number): Fact {
  const tensors = facts.map((fact) => (fact !== null && 'dtype' in fact ? fact : null))
  const dtype = tensors.find((fact) => fact !== null && fact.dtype !== 'none')?.dtype ?? 'none'
  const known = tensors.find((fact) => fact !== null && fact.shape !== null)
  const rank = known?.shape?.length ?? null
  if (rank === null) return tensor(dtype, null)
  const axis = call.axis(axisGiven, rank)
  if (axis === null) return ofRank(dtype, rank)
  const sizes = Array.from({ length: rank }, (_, at): MaybeSize => {
    const along = tensors.map((fact) => fact?.shape?.[at] ?? null)
    return at === axis ? sum(along) : along.reduce((a, b) => unify(call, a, b))
  })
  const elements =
    axis === 0
      ? joinElements(
          tensors.map((fact) => fact?.data ?? null),
          sizes,
        )
      : null
  return tensor(dtype, sizes, elements)
}

/** Along axis 0 the elements follow one another. */
function joinElements(
  parts: readonly ({ readonly elements: readonly Element[] } | null)[],
  sizes: readonly MaybeSize[],
): Element[] | null {
  if (smallDims(sizes) === null || parts.some((part) => part === null)) return null
  return parts.flatMap((part) => part?.elements ?? [])
}

const split: ShapeRule = (call) => {
  const axis = call.int('axis', 0)
  const shape = call.shape(0)
  if (shape === null) return call.node.outputs.map(() => tensor(call.dtype(0), null))
  const at = call.axis(axis, shape.length)
  const sizes = at === null ? null : splitSizes(call, shape[at] ?? null)
  return splitFacts(call, at, sizes)
}

/** Broadcasting to the sizes of input 1. */
const expand: ShapeRule = (call) => {
  const shape = call.shape(0)
  const target = call.sizes(1)
  if (shape === null || target === null) return [tensor(call.dtype(0), null)]
  const sizes = broadcastTwo(call, shape, target)
  const data = call.data(0)
  const dims = data === null ? null : smallDims(sizes)
  const elements = data === null || dims === null ? null : generate(dims, broadcastReader(data))
  return [tensor(call.dtype(0), sizes, elements)]
}

const tile: ShapeRule = (call) => {
  const shape = call.shape(0)
  if (call.opset < 6) return [ofRank(call.dtype(0), shape?.length ?? null)]
  const repeats = call.sizes(1)
  if (shape === null || repeats === null) return [ofRank(call.dtype(0), shape?.length ?? null)]
  const sizes = shape.map((size, axis) => multiply(size, repeats[axis] ?? null))
  const dims = call.data(0)?.dims ?? []
  const elements = move(call.data(0), sizes, (index) =>
    index.map((at, axis) => at % (dims[axis] ?? 1)),
  )
  return [tensor(call.dtype(0), sizes, elements)]
}

/** Pads are an attribute before opset 11; since 18 they may be for some axes only. */
const pad: ShapeRule = (call) => {
  const shape = call.shape(0)
  const attribute = call.ints('pads') ?? call.ints('paddings')
  const pads = attribute ?? call.sizes(1)
  const axes = call.has(3) ? call.numbers(3) : (shape?.map((_, axis) => axis) ?? null)
  if (shape === null || pads === null || axes === null) {
    return [ofRank(call.dtype(0), shape?.length ?? null)]
  }
  const sizes: MaybeSize[] = [...shape]
  for (const [at, given] of axes.entries()) {
    const axis = call.axis(given, shape.length)
    const both = add(pads[at] ?? null, pads[at + axes.length] ?? null)
    if (axis !== null) sizes[axis] = add(shape[axis] ?? null, both)
  }
  return [tensor(call.dtype(0), sizes, pads.every((size) => size === 0) ? elementsOf(call) : null)]
}

function elementsOf(call: Call): readonly Element[] | null {
  return call.data(0)?.elements ?? null
}

/** Cut or padded, centred, to the sizes of input 1. */
const centerCropPad: ShapeRule = (call) => {
  const shape = call.shape(0)
  const target = call.sizes(1)
  if (shape === null || target === null) return [ofRank(call.dtype(0), shape?.length ?? null)]
  const axes = call.ints('axes') ?? shape.map((_, axis) => axis)
  const sizes: MaybeSize[] = [...shape]
  for (const [at, given] of axes.entries()) {
    const axis = call.axis(given, shape.length)
    if (axis !== null) sizes[axis] = target[at] ?? null
  }
  return [tensor(call.dtype(0), sizes)]
}

/** [N, C, H, W] → [N, C/b², H·b, W·b]. */
const depthToSpace: ShapeRule = (call) => {
  const block = call.int('blocksize', 1)
  const channels = exactDivide(call.dim(0, 1), block * block)
  const [height, width] = [multiply(call.dim(0, 2), block), multiply(call.dim(0, 3), block)]
  return [tensor(call.dtype(0), [call.dim(0, 0), channels, height, width])]
}

/** [N, C, H, W] → [N, C·b², H/b, W/b]. */
const spaceToDepth: ShapeRule = (call) => {
  const block = call.int('blocksize', 1)
  const channels = multiply(call.dim(0, 1), block * block)
  const [height, width] = [call.dim(0, 2), call.dim(0, 3)].map((size) => {
    return exactDivide(size, block) ?? (typeof size === 'number' ? null : floorDivide(size, block))
  })
  return [tensor(call.dtype(0), [call.dim(0, 0), channels, height ?? null, width ?? null])]
}

export const LAYOUT_RULES: RuleTable = {
  CenterCropPad: centerCropPad,
  Concat: concat,
  DepthToSpace: depthToSpace,
  Expand: expand,
  Pad: pad,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Tile: tile,
}

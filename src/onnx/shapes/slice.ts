// Slice: starts, ends, axes and steps as attributes (before opset 10) or inputs.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import { sizeOf } from './element.ts'
import { move } from './element-maps.ts'
import { ofRank, tensor } from './fact.ts'
import type { MaybeSize } from './symbols.ts'
import { add, ceilDivide, lessThan, maximum, minimum, subtract } from './symbols.ts'

interface SliceAxis {
  readonly axis: number
  readonly start: MaybeSize
  readonly size: MaybeSize
  readonly step: number | null
}

const slice: ShapeRule = (call) => {
  const shape = call.shape(0)
  const cuts = shape === null ? null : cutsOf(call, shape)
  if (shape === null || cuts === null) return [ofRank(call.dtype(0), shape?.length ?? null)]
  const sizes: MaybeSize[] = [...shape]
  for (const { axis, size } of cuts) sizes[axis] = size
  const followed = cuts.every(({ start, step }) => typeof start === 'number' && step !== null)
  const elements = followed
    ? move(call.data(0), sizes, (index) => {
        const source = [...index]
        for (const { axis, start, step } of cuts) {
          source[axis] = Number(start) + (index[axis] ?? 0) * (step ?? 1)
        }
        return source
      })
    : null
  return [tensor(call.dtype(0), sizes, elements)]
}

function cutsOf(call: Call, shape: readonly MaybeSize[]): SliceAxis[] | null {
  const inputs = call.opset >= 10 || call.has(1)
  const starts = inputs ? bounds(call, 1) : call.ints('starts')
  const ends = inputs ? bounds(call, 2) : call.ints('ends')
  const count = starts?.length ?? ends?.length
  const listed = inputs
    ? call.has(3)
      ? call.numbers(3)
      : undefined
    : (call.ints('axes') ?? undefined)
  if (count === undefined || listed === null) return null
  const axes = listed ?? Array.from({ length: count }, (_, axis) => axis)
  const steps = inputs && call.has(4) ? call.sizes(4) : axes.map(() => 1)
  const cuts: SliceAxis[] = []
  for (const [at, given] of axes.entries()) {
    const axis = call.axis(given, shape.length)
    if (axis === null) return null
    const step = steps?.[at] ?? null
    const known = typeof step === 'number' && step !== 0 ? step : null
    cuts.push(cut(axis, shape[axis] ?? null, starts?.[at] ?? null, ends?.[at] ?? null, known))
  }
  return cuts
}

/** Bounds beyond 2^53 say no more than their sign: they are clamped to the size. */
function bounds(call: Call, index: number): MaybeSize[] | null {
  const data = call.data(index)
  if (data === null) return call.sizes(index)
  return data.elements.map((element) => {
    if (typeof element === 'bigint') return element > 0n ? FAR : -FAR
    return sizeOf(element)
  })
}

const FAR = Number.MAX_SAFE_INTEGER
/** No axis is longer: exporters write 10^9, or the largest int32 or int64, for 'to the end'. */
const END = 1e9

function cut(
  axis: number,
  size: MaybeSize,
  from: MaybeSize,
  to: MaybeSize,
  step: number | null,
): SliceAxis {
  if (step === null) return { axis, start: null, size: null, step }
  if (step > 0) {
    const start = clampForward(from, size)
    const end = clampForward(to, size)
    return { axis, start, size: length(start, end, step), step }
  }
  if (typeof size !== 'number' || typeof from !== 'number' || typeof to !== 'number') {
    return { axis, start: null, size: reversedLength(size, from, to, step), step }
  }
  // Backwards: from at most the last index, to at least -1 (just before the first).
  const start = Math.min(Math.max(from < 0 ? from + size : from, -1), size - 1)
  const end = Math.min(Math.max(to < 0 ? to + size : to, -1), size - 1)
  return { axis, start, size: Math.max(0, Math.ceil((end - start) / step)), step }
}

/** All of the axis backwards, however long it is. */
function reversedLength(size: MaybeSize, from: MaybeSize, to: MaybeSize, step: number): MaybeSize {
  const fromLast = from === -1 || (typeof from === 'number' && from >= END)
  const toFirst = typeof to === 'number' && to <= -END
  return fromLast && toFirst ? ceilDivide(size, -step) : null
}

/** The bound counted from the start, within 0 ... size; an index of unknown sign stays unknown. */
function clampForward(bound: MaybeSize, size: MaybeSize): MaybeSize {
  if (bound === 0) return 0
  if (typeof bound === 'number' && bound >= END) return size
  if (typeof bound === 'number' && bound <= -END) return 0
  const negative = lessThan(bound, 0)
  if (negative === null) return null
  return negative ? maximum(add(size, bound), 0) : minimum(bound, size)
}

/** max(0, ⌈(end - start) / step⌉). */
function length(start: MaybeSize, end: MaybeSize, step: number): MaybeSize {
  return maximum(ceilDivide(subtract(end, start), step), 0)
}

export const SLICE_RULES: RuleTable = { Slice: slice }

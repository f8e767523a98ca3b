// How Split and SplitToSequence cut an axis.

import type { Call } from './call.ts'
import { MAX_RANK } from './call.ts'
import { move } from './element-maps.ts'
import type { TensorFact } from './fact.ts'
import { ofRank, tensor } from './fact.ts'
import type { MaybeSize } from './symbols.ts'
import { ceilDivide, exactDivide, multiply, subtract } from './symbols.ts'

/** Sizes of the parts: the attribute (before opset 13), input 1, or equal parts with a smaller last one (since 18). */
export function splitSizes(call: Call, total: MaybeSize): MaybeSize[] | null {
  const count = call.outputCount
  const given = call.ints('split') ?? (call.has(1) ? call.sizes(1) : null)
  if (given !== null) return given
  if (call.has(1) || count > MAX_ELEMENTS_OF_SPLIT) return null
  if (call.opset < 18 || typeof total !== 'number') {
    const part = exactDivide(total, count)
    if (part !== null) return Array.from({ length: count }, () => part)
    if (call.opset < 18) return null
  }
  const part = ceilDivide(total, count)
  const last = subtract(total, multiply(part, count - 1))
  if (typeof last !== 'number' || last < 0) return null
  return Array.from({ length: count }, (_, index) => (index === count - 1 ? last : part))
}

const MAX_ELEMENTS_OF_SPLIT = MAX_RANK * MAX_RANK

/** One tensor per part, the axis cut; with the elements that fall into it. */
export function splitFacts(
  call: Call,
  axis: number | null,
  sizes: readonly MaybeSize[] | null,
  count = call.outputCount,
): TensorFact[] {
  const shape = call.shape(0)
  const dtype = call.dtype(0)
  if (shape === null) return Array.from({ length: count }, () => tensor(dtype, null))
  if (axis === null) return Array.from({ length: count }, () => ofRank(dtype, shape.length))
  let start: number | null = 0
  return Array.from({ length: count }, (_, part) => {
    const size = sizes?.[part] ?? null
    const partShape = shape.map((whole, at) => (at === axis ? size : whole))
    const from = start
    const elements =
      from === null
        ? null
        : move(call.data(0), partShape, (index) =>
            index.map((position, at) => (at === axis ? position + from : position)),
          )
    start = typeof size === 'number' && typeof start === 'number' ? start + size : null
    return tensor(dtype, partShape, elements)
  })
}

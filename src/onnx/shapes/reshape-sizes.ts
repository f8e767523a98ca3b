// The sizes that Reshape makes of a target with 0 (keep the size) and -1 (what is left).

import type { Call } from './call.ts'
import type { Size } from './expression.ts'
import { keyOf } from './expression.ts'
import type { MaybeSize } from './symbols.ts'
import { exactDivide, floorDivide, isNonNegative, product } from './symbols.ts'

export function reshapeSizes(
  call: Call,
  target: readonly MaybeSize[],
  allowZero: boolean,
): MaybeSize[] {
  const shape = call.shape(0)
  const sizes = target.map((size, axis): MaybeSize => {
    if (size === 0 && !allowZero) return shape?.[axis] ?? null
    if (size === null || size === -1) return null
    return isNonNegative(size) || isPart(size, shape) ? size : null
  })
  const open = sizes.flatMap((size, axis) => (size === null ? [axis] : []))
  if (shape === null) return sizes
  const [only] = open
  if (open.length === 1 && only !== undefined) {
    sizes[only] = remainder(call, shape, sizes.toSpliced(only, 1))
  }
  if (open.length === 0) checkCount(call, shape, sizes)
  return sizes
}

/**
 * Whether the size is made of sizes of the input, which are never negative: only then h-2 is a size and cannot turn
 * out to be -1.
 */
function isPart(size: Size, shape: readonly Size[] | null): boolean {
  if (shape === null) return false
  if (shape.some((other) => keyOf(other) === keyOf(size))) return true
  return exactDivide(product(shape), size) !== null
}

/** The elements are as many before as after, so the one open size is total / product of the others. */
function remainder(call: Call, shape: readonly Size[], others: readonly MaybeSize[]): MaybeSize {
  const [above, below] = withoutCommon(shape, others)
  const total = product(above)
  const rest = product(below)
  if (total === null || rest === null) return null
  const exact = exactDivide(total, rest)
  if (exact !== null) return exact
  if (typeof total === 'number' && typeof rest === 'number') {
    if (rest !== 0) call.problem(`cannot reshape ${total} elements into multiples of ${rest}`)
    return null
  }
  return floorDivide(total, rest)
}

/** Cancels sizes that stand on both sides; a run in which one of them is 0 fails or leaves the size free. */
function withoutCommon(
  shape: readonly Size[],
  others: readonly MaybeSize[],
): [MaybeSize[], MaybeSize[]] {
  const above: MaybeSize[] = [...shape]
  const below: MaybeSize[] = []
  for (const size of others) {
    const key = size === null ? null : keyOf(size)
    const at = above.findIndex((other) => other !== null && other !== 0 && keyOf(other) === key)
    if (at >= 0) above.splice(at, 1)
    else below.push(size)
  }
  return [above, below]
}

function checkCount(call: Call, shape: readonly Size[], sizes: readonly MaybeSize[]): void {
  const before = product(shape)
  const after = product(sizes)
  if (typeof before === 'number' && typeof after === 'number' && before !== after) {
    call.problem(`cannot reshape ${before} elements into ${after}`)
  }
}

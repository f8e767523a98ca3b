// Multidirectional broadcasting of symbolic shapes (ONNX, docs/Broadcasting.md).

import type { Call } from './call.ts'
import { lowerBound } from './bounds.ts'
import { keyOf, serialOf } from './expression.ts'
import type { Size } from './expression.ts'
import type { MaybeSize } from './symbols.ts'
import { sameSize } from './symbols.ts'

type KnownShape = readonly Size[] | null

/** The common shape; `null` when a rank is unknown. */
export function broadcastShapes(call: Call, shapes: readonly KnownShape[]): MaybeSize[] | null {
  let result: MaybeSize[] = []
  for (const shape of shapes) {
    if (shape === null) return null
    result = broadcastTwo(call, result, shape)
  }
  return result
}

export function broadcastTwo(
  call: Call,
  a: readonly MaybeSize[],
  b: readonly MaybeSize[],
): MaybeSize[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const left = axis - (rank - a.length)
    const right = axis - (rank - b.length)
    if (left < 0) return b[right] ?? null
    if (right < 0) return a[left] ?? null
    return broadcastSizes(call, a[left] ?? null, b[right] ?? null)
  })
}

/**
 * In a valid model the sizes are equal or one of them is 1. So a size that cannot be 1 is the result,
 * whatever the other one turns out to be.
 */
export function broadcastSizes(call: Call, a: MaybeSize, b: MaybeSize): MaybeSize {
  if (a === 1) return b
  if (b === 1) return a
  if (typeof a === 'number') {
    if (typeof b === 'number' && a !== b) return call.problem(`cannot broadcast ${a} with ${b}`)
    return a
  }
  if (typeof b === 'number') return b
  if (a !== null && b !== null && sameSize(a, b) === true) return a
  if (a !== null && b !== null && isCut(b, a)) return a
  if (a !== null && b !== null && isCut(a, b)) return b
  if (a !== null && sameSize(a, 1) === false) return a
  return b !== null && sameSize(b, 1) === false ? b : null
}

/**
 * Whether `cut` is min(whole, c) with c ≥ 1, such as a table of positions cut to a length: where the two differ, c is
 * smaller than `whole`, so they broadcast only if c is 1. The result is `whole` either way.
 */
function isCut(cut: Size, whole: Size): boolean {
  if (typeof cut === 'number') return false
  const [term] = cut.terms
  const [atom] = term?.atoms ?? []
  if (cut.terms.length !== 1 || term?.coefficient !== 1 || term.atoms.length !== 1) return false
  if (atom?.kind !== 'min') return false
  const [left, right] = [atom.left, atom.right]
  if (keyOf(left) === keyOf(whole)) return lowerBound(right) >= 1
  return keyOf(right) === keyOf(whole) && lowerBound(left) >= 1
}

/** Two descriptions of one size: the one that says more. */
export function unify(call: Call, a: MaybeSize, b: MaybeSize): MaybeSize {
  if (a === null || b === null) return a ?? b
  if (typeof a === 'number') {
    if (typeof b === 'number' && a !== b) {
      call.problem(`sizes ${a} and ${b} should be equal`)
      return null
    }
    return a
  }
  if (typeof b === 'number' || keyOf(a) === keyOf(b)) return b
  if (serialOf(a) > 0 !== serialOf(b) > 0) return serialOf(a) > 0 ? b : a
  return a.key.length <= b.key.length ? a : b
}

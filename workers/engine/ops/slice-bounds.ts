// The bounds of a Slice, where they are constant.

import type { Node } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { intValues } from '#src/onnx/tensor-values'
import { fromFront } from './pass-axes.ts'

export interface SliceBound {
  readonly axis: number
  readonly start: number
  readonly end: number
  readonly step: number
}

/** As they are given, not yet clamped to the size; `unknown` when one is computed. */
export function sliceBounds(
  node: Node,
  facts: { constant(value: Value): Tensor | null },
  rank: number,
): SliceBound[] | 'unknown' {
  const lists: (number[] | 'absent')[] = []
  for (const index of [1, 2, 3, 4]) {
    const operand = node.input(index)
    const constant = operand === null ? null : facts.constant(operand)
    if (operand !== null && constant === null) return 'unknown'
    lists.push(constant === null ? 'absent' : intValues(constant))
  }
  const [starts = 'absent', ends = 'absent', axes = 'absent', steps = 'absent'] = lists
  if (starts === 'absent' || ends === 'absent') return 'unknown'
  return starts.map((start, index) => ({
    axis: fromFront(axes === 'absent' ? index : (axes[index] ?? index), rank),
    start,
    end: ends[index] ?? 0,
    step: steps === 'absent' ? 1 : (steps[index] ?? 1),
  }))
}

/** The positions that a bound picks from an axis of this size, in order (ONNX Slice-13). */
export function slicedPositions({ start, end, step }: SliceBound, size: number): number[] {
  const absolute = (bound: number) => (bound < 0 ? bound + size : bound)
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1]
  const clamp = (bound: number, from: number) => Math.min(high, Math.max(from, absolute(bound)))
  const positions: number[] = []
  const last = clamp(end, low)
  for (
    let position = clamp(start, 0);
    step > 0 ? position < last : position > last;
    position += step
  ) {
    positions.push(position)
  }
  return positions
}

// The bounds of a Slice over an axis that lost indices.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import { sliceBounds } from '../ops/slice-bounds.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { Removal } from './remove-indices.ts'

/** An end beyond every axis. */
const END = 2 ** 31 - 1

/** Kept picks become a range; where they are none (a stride, a flip), the axis is taken whole and a Gather follows. */
export function rewriteBounds(
  { trace, kept, editor }: Removal,
  node: Node,
  axis: number,
  picks: readonly number[],
): void {
  const input = node.input(0)
  const axes = input === null ? [] : trace.axesOf(input)
  const labels = axes[axis]
  if (labels === undefined || kept.isWhole(labels)) return
  const places = kept.places(labels)
  const left = picks.flatMap((pick) => places.get(pick) ?? [])
  const bounds = sliceBounds(node, trace, axes.length)
  if (bounds === 'unknown') throw new Error(`${node.describe()} has computed bounds`)
  const first = left[0] ?? 0
  const isRange = left.every((place, index) => place === first + index)
  const range = isRange ? { start: first, end: first + left.length } : { start: 0, end: END }
  const changed = bounds.map((bound) => (bound.axis === axis ? { axis, ...range, step: 1 } : bound))
  const lists = [
    changed.map(({ start }) => start),
    changed.map(({ end }) => end),
    changed.map((bound) => bound.axis),
    changed.map(({ step }) => step),
  ]
  // Starts and ends of one node have one type, whatever it was.
  lists.forEach((list, index) =>
    node.setInput(index + 1, editor.integers(`${labelOf(node)}_bounds`, list)),
  )
  const output = node.output(0)
  if (isRange || output === null) return
  editor.replaceReaders(output, (value) => {
    const indices = editor.integers(`${labelOf(node)}_kept`, left)
    return editor.after(node, 'Gather', [value, indices], [intAttribute('axis', axis)])
  })
}

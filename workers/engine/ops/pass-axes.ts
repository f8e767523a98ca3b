// Axis rules that several families share.

import type { AxisContext } from './axis-context.ts'

/** The shape of input `index`, or an empty one when the input is left out or not known: then nothing is named. */
export function inputShape(context: AxisContext, index: number): readonly number[] {
  const value = context.node.input(index)
  return value === null ? [] : (context.shape(value) ?? [])
}

export function outputShape(context: AxisContext, index: number): readonly number[] {
  const value = context.node.output(index)
  return value === null ? [] : (context.shape(value) ?? [])
}

/** The axis counted from the front. */
export function fromFront(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis
}

/** Output axis `axis` has the labels of input 0's axis `from`, for every output that has such an axis. */
export function passAxis(context: AxisContext, from: number, axis: number = from): void {
  context.node.outputs.forEach((output, index) => {
    if (output !== null) context.output(index, axis, context.input(0, from))
  })
}

/** All axes of input 0 pass through but those in `whole`, which are frozen for the reason given and need not keep their size. */
export function passAxesExcept(context: AxisContext, whole: readonly number[], reason: string) {
  for (const axis of inputShape(context, 0).keys()) {
    if (whole.includes(axis)) context.freeze(context.input(0, axis), reason)
    else passAxis(context, axis)
  }
}

/** The axis, or all axes from it on, stays whole; the others pass through. */
export function keepAxisWhole(
  context: AxisContext,
  which: 'only' | 'from',
  axis: number,
  reason: string,
): void {
  const rank = inputShape(context, 0).length
  const first = fromFront(axis, rank)
  const count = which === 'only' ? 1 : rank - first
  passAxesExcept(
    context,
    Array.from({ length: count }, (_, offset) => first + offset),
    reason,
  )
}

/** Batch and channel pass through, spatial axes are frozen: pooling, resizing, convolution windows. */
export function passBatchAndChannel(context: AxisContext): void {
  const spatial = [...inputShape(context, 0).keys()].slice(2)
  for (const axis of spatial) context.freeze(context.input(0, axis), 'spatial axis')
  passAxis(context, 0)
  passAxis(context, 1)
}

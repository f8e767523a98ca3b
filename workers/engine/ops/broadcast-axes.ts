// Along which axes broadcasting repeats an operand.

import type { Shape } from '#src/onnx/ir/value-type'

/**
 * Axes of the broadcast shape along which an operand of shape `own` was repeated, those it lacks included; `unknown` when a
 * size that decides it is not known.
 */
export function broadcastAxes(own: Shape, broadcast: Shape): number[] | 'unknown' {
  if (own === null || broadcast === null) return 'unknown'
  const axes: number[] = []
  const missing = broadcast.length - own.length
  for (const [axis, size] of broadcast.entries()) {
    const ownSize = axis < missing ? 1 : own[axis - missing]
    if (ownSize === 1 && size !== 1) axes.push(axis)
    else if (ownSize !== size && (typeof ownSize !== 'number' || typeof size === 'number')) {
      return 'unknown'
    } else if (ownSize === null) return 'unknown'
  }
  return axes
}

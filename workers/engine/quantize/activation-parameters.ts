// Scale and zero point of an activation in uint8: q = clamp(round(x / s) + z, 0, 255).

import type { Range } from './quantize-result.ts'

export interface ActivationParameters {
  readonly scale: number
  readonly zeroPoint: number
}

/** A range without width still needs a scale; anything representable does. */
const SMALLEST_SCALE = 1e-30

/**
 * The range is widened to hold 0, which becomes an exact integer: padding and ReLU must not shift. The end that rounding
 * the zero point cuts off is widened again, so that neither end of the range is lost.
 */
export function activationParameters({ low, high }: Range): ActivationParameters {
  const bottom = Math.min(low, 0)
  const top = Math.max(high, 0)
  const scale = (top - bottom) / 255
  if (scale < SMALLEST_SCALE) return { scale: 1, zeroPoint: 0 }
  const zeroPoint = Math.round(-bottom / scale)
  const forTop = zeroPoint === 255 ? scale : top / (255 - zeroPoint)
  const forBottom = zeroPoint === 0 ? scale : -bottom / zeroPoint
  return { scale: Math.fround(Math.max(forTop, forBottom)), zeroPoint }
}

/** The smallest range around both. */
export function unionRange(one: Range, other: Range): Range {
  return { low: Math.min(one.low, other.low), high: Math.max(one.high, other.high) }
}

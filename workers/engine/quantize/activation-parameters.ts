// Scale and zero point of an activation: q = clamp(round(x / s) + z, least, most).

import type { ActivationType } from './activation-type.ts'
import { ACTIVATION_LEVELS } from './activation-type.ts'
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
export function activationParameters(
  { low, high }: Range,
  type: ActivationType = 'uint8',
): ActivationParameters {
  const { least, most, isSymmetric } = ACTIVATION_LEVELS[type]
  const bottom = Math.min(low, 0)
  const top = Math.max(high, 0)
  if (isSymmetric) {
    const scale = Math.max(top, -bottom) / most
    return { scale: scale < SMALLEST_SCALE ? 1 : Math.fround(scale), zeroPoint: 0 }
  }
  const steps = most - least
  const scale = (top - bottom) / steps
  if (scale < SMALLEST_SCALE) return { scale: 1, zeroPoint: least }
  const below = Math.round(-bottom / scale)
  const forTop = below === steps ? scale : top / (steps - below)
  const forBottom = below === 0 ? scale : -bottom / below
  return { scale: Math.fround(Math.max(forTop, forBottom)), zeroPoint: least + below }
}

/** The smallest range around both. */
export function unionRange(one: Range, other: Range): Range {
  return { low: Math.min(one.low, other.low), high: Math.max(one.high, other.high) }
}

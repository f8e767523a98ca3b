// How a block of weights becomes integers: w ≈ scale · (code − zero), codes from 0 to 2^bits − 1, zero one of them.

export interface BlockSettings {
  readonly bits: 4 | 8
  /** Elements along the contracted axis that share scale and zero point. */
  readonly blockSize: number
  /** The zero point is 2^(bits − 1) for all blocks. */
  readonly symmetric: boolean
}

export interface BlockParameters {
  scale: number
  zero: number
}

/**
 * Finds scale and zero point of a block. `importance`: what the square of each element's error counts for; `null`: all alike.
 * The scale written is a float32 above 0.
 */
export type BlockFit = (
  values: Float32Array,
  importance: Float32Array | null,
  parameters: BlockParameters,
) => void

/** A block of zeros takes any scale. */
const EMPTY_SCALE = 1

export function middleCode({ bits }: Pick<BlockSettings, 'bits'>): number {
  return bits === 8 ? 128 : 8
}

export function largestCode({ bits }: Pick<BlockSettings, 'bits'>): number {
  return bits === 8 ? 255 : 15
}

/** The code of a value, halves going up. `inverse`: 1 / scale. Called for every weight: numbers, no objects, no division. */
export function codeOf(value: number, inverse: number, zero: number, largest: number): number {
  const place = value * inverse + zero + 0.5
  return place <= 0 ? 0 : place >= largest ? largest : place | 0
}

/**
 * Scale and zero point with which the interval from `low` to `high` is represented. Symmetric: s = max(high / (m − 1),
 * −low / m) with m the middle code; else s = (high − low) / largest code, z = round(−low / s), the interval widened to hold 0.
 */
export function fitInterval(
  low: number,
  high: number,
  settings: BlockSettings,
  parameters: BlockParameters,
): void {
  const middle = middleCode(settings)
  const largest = largestCode(settings)
  const [least, most] = [Math.min(low, 0), Math.max(high, 0)]
  const scale = Math.fround(
    settings.symmetric ? Math.max(most / (middle - 1), -least / middle) : (most - least) / largest,
  )
  parameters.scale = scale > 0 ? scale : EMPTY_SCALE
  const zero = settings.symmetric ? middle : Math.round(-least / parameters.scale)
  parameters.zero = Math.max(0, Math.min(largest, zero))
}

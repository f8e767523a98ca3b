// A part of a picture, enlarged to its size.

import type { PictureLayout } from './augment.ts'

/** Share of each side that the part has at least. */
const LEAST_SIDE = 0.7

/** Both sides by the same share, from `LEAST_SIDE` to all; values between the pixels are bilinear. */
export function cropPicture(
  from: Float32Array,
  to: Float32Array,
  { channels, height, width, at }: PictureLayout,
  next: () => number,
): void {
  const share = LEAST_SIDE + (1 - LEAST_SIDE) * next()
  const rows = sources(height, share, next())
  const columns = sources(width, share, next())
  for (let channel = 0; channel < channels; channel += 1) {
    for (const [row, { low: top, high: bottom, part: down }] of rows.entries()) {
      for (const [column, { low: left, high: right, part: across }] of columns.entries()) {
        const value = (y: number, x: number): number => from[at(channel, y, x)] ?? 0
        const upper = value(top, left) * (1 - across) + value(top, right) * across
        const lower = value(bottom, left) * (1 - across) + value(bottom, right) * across
        to[at(channel, row, column)] = upper * (1 - down) + lower * down
      }
    }
  }
}

interface Source {
  readonly low: number
  readonly high: number
  /** What of `high` counts. */
  readonly part: number
}

/** Where each position of the whole comes from in the part. */
function sources(length: number, share: number, place: number): Source[] {
  const start = place * (1 - share) * length
  return Array.from({ length }, (_, index) => {
    const exact = Math.min(Math.max(start + (index + 0.5) * share - 0.5, 0), length - 1)
    const low = Math.floor(exact)
    return { low, high: Math.min(low + 1, length - 1), part: exact - low }
  })
}

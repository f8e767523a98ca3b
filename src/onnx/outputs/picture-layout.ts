// Where the channels of pictures are that a model takes or gives: told from shapes, as ONNX does not name axes.

import type { Dim } from '../ir/value-type.ts'

export type PictureLayout = 'nchw' | 'nhwc'

/** [height, width] */
export type PictureSize = readonly [height: number, width: number]

/**
 * `plane` has no axis of channels. `unknown`: a size that decides is not known before running. `ambiguous`: both fit.
 * @param size of the pictures, where it is known from elsewhere: the axes with its proportions are height and width
 */
export function pictureLayout(
  dims: readonly Dim[],
  wanted: PictureLayout | 'auto',
  size: PictureSize | null = null,
): PictureLayout | 'plane' | 'unknown' | 'ambiguous' | 'none' {
  if (dims.length === 3) return 'plane'
  if (dims.length !== 4) return 'none'
  if (wanted !== 'auto') return wanted
  const [, a, b, c] = dims
  if (typeof a !== 'number' || typeof b !== 'number' || typeof c !== 'number') {
    // A channel or three beside sides of any size, as exporters leave the sides open and never the channels.
    if (typeof a === 'number' && typeof b !== 'number' && typeof c !== 'number') return 'nchw'
    if (typeof c === 'number' && typeof a !== 'number' && typeof b !== 'number') return 'nhwc'
    return 'unknown'
  }
  const first = size === null ? 0 : distortion([b, c], size)
  const last = size === null ? 0 : distortion([a, b], size)
  if (first !== last) return first < last ? 'nchw' : 'nhwc'
  // As far as it goes, the shorter axis holds the channels.
  if (a < c) return 'nchw'
  return c < a ? 'nhwc' : 'ambiguous'
}

/** 0 where the proportions are equal. */
function distortion([h, w]: PictureSize, [height, width]: PictureSize): number {
  return Math.abs(h * width - w * height) / (h * width + w * height)
}

/** Height and width of a picture of this layout, as far as they are known. */
export function sidesOf(
  dims: readonly Dim[],
  layout: PictureLayout | 'plane',
): readonly [Dim, Dim] {
  const at = layout === 'nchw' ? 2 : 1
  return [dims[at] ?? null, dims[at + 1] ?? null]
}

// One picture to one sample: decode, resize the short side, crop the centre, reorder channels, (x · scale − mean) / std.

import type { ImagePreprocess } from '#src/recipes/image-preprocess'

/** [height, width]. */
export type ImageSize = readonly [number, number]

/** Size after resizing: the short side becomes `resize`, or both sides are given. */
export function resizedSize(original: ImageSize, resize: ImagePreprocess['resize']): ImageSize {
  if (resize === null) return original
  if (typeof resize !== 'number') return resize
  const [height, width] = original
  const factor = resize / Math.min(height, width)
  return height <= width
    ? [resize, Math.max(resize, Math.round(width * factor))]
    : [Math.max(resize, Math.round(height * factor)), resize]
}

/** Size after the centre crop; `null` when the picture is smaller than the crop. */
export function croppedSize(size: ImageSize, crop: ImagePreprocess['crop']): ImageSize | null {
  if (crop === null) return size
  const target: ImageSize = typeof crop === 'number' ? [crop, crop] : crop
  return target[0] <= size[0] && target[1] <= size[1] ? target : null
}

export function channelCount(preprocess: ImagePreprocess): number {
  return preprocess.channels === 'GRAY' ? 1 : 3
}

/** Shape of one sample. */
export function sampleShape(
  [height, width]: ImageSize,
  preprocess: ImagePreprocess,
): readonly number[] {
  const channels = channelCount(preprocess)
  return preprocess.layout === 'NCHW' ? [channels, height, width] : [height, width, channels]
}

// ITU-R BT.601 luma.
const LUMA = [0.299, 0.587, 0.114] as const

/** `rgb`: interleaved 8-bit RGB of `size`. Writes one sample at `offset` of `target`. */
export function fillSample(
  rgb: Uint8Array,
  size: ImageSize,
  preprocess: ImagePreprocess,
  target: Float32Array,
  offset: number,
): void {
  const pixels = size[0] * size[1]
  const channels = channelCount(preprocess)
  const planar = preprocess.layout === 'NCHW'
  for (let channel = 0; channel < channels; channel += 1) {
    const mean = preprocess.mean[channel] ?? preprocess.mean[0] ?? 0
    const deviation = preprocess.std[channel] ?? preprocess.std[0] ?? 1
    const source = preprocess.channels === 'BGR' ? 2 - channel : channel
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const value = channels === 1 ? luma(rgb, pixel) : rgb[pixel * 3 + source]!
      const index = planar ? channel * pixels + pixel : pixel * channels + channel
      target[offset + index] = (value * preprocess.scale - mean) / deviation
    }
  }
}

function luma(rgb: Uint8Array, pixel: number): number {
  const at = pixel * 3
  return Math.round(LUMA[0] * rgb[at]! + LUMA[1] * rgb[at + 1]! + LUMA[2] * rgb[at + 2]!)
}

// Pictures changed at random in ways that do not change what they show, so that a network sees more of them than there are.

import type { RuntimeTensor } from '../runtime/runtime.ts'
import { cropPicture } from './crop-picture.ts'
import { mixup } from './mixup.ts'
import { derivedSeed, uniform } from './sample-order.ts'

/**
 * `flip`: left and right changed, every other time. `shift`: moved by up to an eighth. `crop`: a part of at least 0.7 of each side,
 * enlarged. `cutout`: a square of a quarter's side hidden. `mixup`: two samples and their labels blended.
 */
export const AUGMENTATIONS = ['flip', 'shift', 'crop', 'cutout', 'mixup'] as const
export type Augmentation = (typeof AUGMENTATIONS)[number]

const SHIFT = 1 / 8
const CUTOUT = 1 / 4
const CROP_SEED = 0x63_72_6f
const MAX_CHANNELS = 4

/** How a picture lies in memory. */
export interface PictureLayout {
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly at: (channel: number, row: number, column: number) => number
}

/**
 * New tensors for the inputs that are pictures: float32 of four axes. The same `seed` and `step` change them the same way.
 */
export function augment(
  fields: Readonly<Record<string, RuntimeTensor>>,
  wanted: readonly Augmentation[],
  seed: number,
  step: number,
): Readonly<Record<string, RuntimeTensor>> {
  if (wanted.length === 0) return fields
  const pictures = Object.fromEntries(
    Object.entries(fields).map(([name, tensor]) => {
      const layout = layoutOf(tensor)
      return [name, layout === null ? tensor : changed(tensor, layout, wanted, seed, step)]
    }),
  )
  return wanted.includes('mixup') ? mixup(pictures, seed, step) : pictures
}

/** Channels are the axis of at most four next to the samples, else the last. */
function layoutOf({ dtype, dims }: RuntimeTensor): PictureLayout | null {
  if (dtype !== 'float32' || dims.length !== 4) return null
  const [, one = 1, two = 1, three = 1] = dims
  if (one <= MAX_CHANNELS || three > MAX_CHANNELS) {
    const at = (channel: number, row: number, column: number) =>
      (channel * two + row) * three + column
    return { channels: one, height: two, width: three, at }
  }
  const at = (channel: number, row: number, column: number) =>
    (row * two + column) * three + channel
  return { channels: three, height: one, width: two, at }
}

function changed(
  tensor: RuntimeTensor,
  layout: PictureLayout,
  wanted: readonly Augmentation[],
  seed: number,
  step: number,
): RuntimeTensor {
  const source = tensor.data as Float32Array
  const data = new Float32Array(source.length)
  const size = layout.channels * layout.height * layout.width
  const next = uniform(derivedSeed(seed, step))
  const nextCrop = uniform(derivedSeed(seed ^ CROP_SEED, step))
  const part = new Float32Array(size)
  for (let start = 0; start < source.length; start += size) {
    const whole = source.subarray(start, start + size)
    if (wanted.includes('crop')) cropPicture(whole, part, layout, nextCrop)
    changePicture(
      wanted.includes('crop') ? part : whole,
      data.subarray(start, start + size),
      layout,
      wanted,
      next,
    )
  }
  return { ...tensor, data }
}

/** Beyond an edge, what is at the edge goes on; a hidden square has the picture's mean. */
function changePicture(
  from: Float32Array,
  to: Float32Array,
  { channels, height, width, at }: PictureLayout,
  wanted: readonly Augmentation[],
  next: () => number,
): void {
  const has = (name: Augmentation): boolean => wanted.includes(name)
  // Drawn whether used or not: one augmentation more does not change the others.
  const [turn, across, down, left, top] = [next(), next(), next(), next(), next()]
  const isFlipped = has('flip') && turn < 0.5
  const move = (share: number, length: number): number =>
    has('shift') ? Math.round((2 * share - 1) * SHIFT * length) : 0
  const [right, below] = [move(across, width), move(down, height)]
  for (let channel = 0; channel < channels; channel += 1) {
    for (let row = 0; row < height; row += 1) {
      const fromRow = clamp(row - below, height)
      for (let column = 0; column < width; column += 1) {
        const moved = clamp(column - right, width)
        const fromColumn = isFlipped ? width - 1 - moved : moved
        to[at(channel, row, column)] = from[at(channel, fromRow, fromColumn)] ?? 0
      }
    }
  }
  if (!has('cutout')) return
  const side = (length: number): number => Math.max(1, Math.round(CUTOUT * length))
  const [tall, wide] = [side(height), side(width)]
  const [firstRow, firstColumn] = [
    Math.floor(top * (height - tall + 1)),
    Math.floor(left * (width - wide + 1)),
  ]
  const mean = from.reduce((sum, value) => sum + value, 0) / from.length
  for (let channel = 0; channel < channels; channel += 1) {
    for (let row = firstRow; row < firstRow + tall; row += 1) {
      for (let column = firstColumn; column < firstColumn + wide; column += 1) {
        to[at(channel, row, column)] = mean
      }
    }
  }
}

function clamp(index: number, length: number): number {
  return Math.min(Math.max(index, 0), length - 1)
}

// The class of every pixel: of the greatest score, or as the output has it.

import { pictureLayout, sidesOf } from '#src/onnx/outputs/picture-layout'
import type { PictureLayout, PictureSize } from '#src/onnx/outputs/picture-layout'
import { EvaluationMismatch } from '../evaluation-mismatch.ts'
import type { Values } from '../tasks/task.ts'
import { isWhole, shapeText } from '../tasks/task.ts'

export interface ClassMap {
  readonly samples: number
  readonly height: number
  readonly width: number
  /** −1 where no score is a number. */
  readonly classes: Int32Array
}

/** A single channel of scores is the probability of class 1. */
const HALF = 0.5

/**
 * @param size of the labels or of the pictures: the maps have its proportions
 * @param level above which a single channel is class 1
 * @throws EvaluationMismatch
 */
export function classMap(
  output: Values,
  wanted: PictureLayout | 'auto',
  size: PictureSize | null,
  level = HALF,
): ClassMap {
  const layout = pictureLayout(output.dims, wanted, size)
  if (layout === 'ambiguous' || layout === 'unknown' || layout === 'none') {
    const why = layout === 'ambiguous' ? 'say nchw or nhwc in layout' : 'it holds no pictures'
    throw new EvaluationMismatch(`the output ${shapeText(output)} is not read: ${why}`)
  }
  const { dims } = output
  const [samples = 0] = dims
  const [height, width] = sidesOf(dims, layout) as PictureSize
  const channels = layout === 'plane' ? 1 : (dims[layout === 'nchw' ? 1 : 3] ?? 1)
  const classes = new Int32Array(samples * height * width)
  if (channels === 1) fillSingle(output, classes, level)
  else if (layout === 'nchw') fillPlanar(output.numbers, classes, channels, height * width)
  else fillInterleaved(output.numbers, classes, channels)
  return { samples, height, width, classes }
}

function fillSingle(output: Values, classes: Int32Array, level: number): void {
  const { numbers } = output
  const areClasses = isWhole(output)
  for (let pixel = 0; pixel < classes.length; pixel += 1) {
    const value = numbers[pixel] ?? NaN
    if (Number.isNaN(value)) classes[pixel] = -1
    else classes[pixel] = areClasses ? value : Number(value > level)
  }
}

/** Channel by channel, as the numbers lie in memory. */
function fillPlanar(
  numbers: ArrayLike<number>,
  classes: Int32Array,
  channels: number,
  plane: number,
): void {
  const best = new Float64Array(plane)
  for (let start = 0; start < classes.length; start += plane) {
    const own = classes.subarray(start, start + plane)
    own.fill(-1)
    best.fill(-Infinity)
    for (let channel = 0; channel < channels; channel += 1) {
      const offset = start * channels + channel * plane
      for (let pixel = 0; pixel < plane; pixel += 1) {
        const score = numbers[offset + pixel] ?? NaN
        if (score > best[pixel]!) {
          best[pixel] = score
          own[pixel] = channel
        }
      }
    }
  }
}

function fillInterleaved(numbers: ArrayLike<number>, classes: Int32Array, channels: number): void {
  for (let pixel = 0; pixel < classes.length; pixel += 1) {
    let best = -1
    let highest = -Infinity
    for (let channel = 0; channel < channels; channel += 1) {
      const score = numbers[pixel * channels + channel] ?? NaN
      if (score > highest) {
        highest = score
        best = channel
      }
    }
    classes[pixel] = best
  }
}

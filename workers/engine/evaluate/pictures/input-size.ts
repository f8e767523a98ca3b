// Height and width of the pictures that a model is given.

import type { PictureSize } from '#src/onnx/outputs/picture-layout'
import { pictureLayout, sidesOf } from '#src/onnx/outputs/picture-layout'
import type { TaskBatch } from '../tasks/task.ts'

/** Of the first input that is a picture; `null` without one. */
export function inputSize({ inputs }: TaskBatch): PictureSize | null {
  for (const dims of inputs.values()) {
    const layout = pictureLayout(dims, 'auto')
    if (layout === 'nchw' || layout === 'nhwc') return sidesOf(dims, layout) as PictureSize
  }
  return null
}

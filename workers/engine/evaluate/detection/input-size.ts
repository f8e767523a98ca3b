// Height and width of the pictures that a detector is given.

import type { PictureSize } from '#src/onnx/outputs/picture-layout'
import { pictureLayout, sidesOf } from '#src/onnx/outputs/picture-layout'
import { EvaluationMismatch } from '../evaluation-mismatch.ts'
import type { TaskBatch } from '../tasks/task.ts'

/** @throws EvaluationMismatch */
export function inputSize({ inputs }: TaskBatch): PictureSize {
  for (const dims of inputs.values()) {
    const layout = pictureLayout(dims, 'auto')
    if (layout === 'nchw' || layout === 'nhwc') return sidesOf(dims, layout) as PictureSize
  }
  throw new EvaluationMismatch('the model takes no picture whose sides would scale the boxes')
}

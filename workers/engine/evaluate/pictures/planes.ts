// The channels of pictures, one by one.

import type { PictureLayout } from '#src/onnx/outputs/picture-layout'
import { pictureLayout, sidesOf } from '#src/onnx/outputs/picture-layout'
import { EvaluationMismatch } from '../evaluation-mismatch.ts'
import type { Plane } from '../metrics/structural-similarity.ts'
import type { Values } from '../tasks/task.ts'
import { shapeText } from '../tasks/task.ts'

/** Every channel of every picture. @throws EvaluationMismatch */
export function* planesOf(values: Values, wanted: PictureLayout | 'auto'): Generator<Plane> {
  const { dims, numbers } = values
  const layout = pictureLayout(dims, wanted)
  if (layout === 'ambiguous' || layout === 'unknown' || layout === 'none') {
    const why = layout === 'ambiguous' ? 'say nchw or nhwc in layout' : 'these are no pictures'
    throw new EvaluationMismatch(`${shapeText(values)} is not read: ${why}`)
  }
  const [height, width] = sidesOf(dims, layout) as readonly [number, number]
  const size = height * width
  const channels = layout === 'plane' ? 1 : (dims[layout === 'nchw' ? 1 : 3] ?? 1)
  for (let plane = 0; plane < (dims[0] ?? 0) * channels; plane += 1) {
    const pixels = new Float64Array(size)
    const start =
      layout === 'nhwc'
        ? Math.floor(plane / channels) * channels * size + (plane % channels)
        : plane * size
    const step = layout === 'nhwc' ? channels : 1
    for (let at = 0; at < size; at += 1) pixels[at] = numbers[start + at * step] ?? NaN
    yield { height, width, pixels }
  }
}

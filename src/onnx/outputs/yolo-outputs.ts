// The one output of a YOLO detector, by generation: boxes × (4 sides, objectness, classes) or the other way round.

import type { Dim, Shape } from '../ir/value-type.ts'

export type YoloDecoder = 'yolov5' | 'yolov8' | 'yolox'

/** Values beside the classes' scores: x, y, width, height, and how likely there is an object. */
export const YOLO_SIDES = { yolov5: 5, yolox: 5, yolov8: 4 } as const

const FORMS = {
  yolov5: '[samples, boxes, 5 + classes]',
  yolox: '[samples, boxes, 5 + classes]',
  yolov8: '[samples, 4 + classes, boxes]',
} as const

/** Why the decoder cannot read this output, `none` when it can or when its shape is not known. */
export function yoloOutputFault(decoder: YoloDecoder, name: string, shape: Shape): string {
  if (shape === null) return 'none'
  const form = `the decoder ${decoder} reads ${FORMS[decoder]}, the output '${name}' is [${shape.map((dim) => dim ?? '?').join(', ')}]`
  if (shape.length !== 3) return form
  const [, first = null, last = null] = shape
  const [boxes, values] = decoder === 'yolov8' ? [last, first] : [first, last]
  // There are thousands of boxes and fewer values of each: the shorter axis is that of the values.
  if (isNumber(boxes) && isNumber(values) && boxes < values) {
    const other = decoder === 'yolov8' ? 'yolov5 or yolox' : 'yolov8'
    return `${form}, which is what ${other} reads`
  }
  const least = YOLO_SIDES[decoder] + 1
  return isNumber(values) && values < least ? `${form}: no class is left` : 'none'
}

/** Cells of all grids of a YOLOX head. */
export function yoloxCells(
  [height, width]: readonly [number, number],
  strides: readonly number[],
): number {
  return strides.reduce(
    (sum, stride) => sum + Math.floor(height / stride) * Math.floor(width / stride),
    0,
  )
}

function isNumber(dim: Dim): dim is number {
  return typeof dim === 'number'
}

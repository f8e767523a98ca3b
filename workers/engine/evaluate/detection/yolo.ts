// YOLOv5, YOLOv8 and YOLOX. Thresholds are those of their own evaluation scripts (val.py, `yolo val`, tools/eval.py).

import { YOLO_SIDES, yoloOutputFault, yoloxCells } from '#src/onnx/outputs/yolo-outputs'
import type { YoloDecoder } from '#src/onnx/outputs/yolo-outputs'
import { EvaluationMismatch } from '../evaluation-mismatch.ts'
import { inputSize } from '../pictures/input-size.ts'
import type { TaskBatch, Values } from '../tasks/task.ts'
import { valuesOf } from '../tasks/task.ts'
import type { Decoder } from './decoder.ts'

/** A row is x, y, w, h, objectness and the classes; every class that scores enough makes a box. */
export function yolov5(output: string): Decoder {
  return {
    outputs: [output],
    scoreThreshold: 0.001,
    iouThreshold: 0.6,
    decode: (batch, sample, least, found) => {
      const { numbers, boxes, values } = rowsOf(batch, output, 'yolov5')
      for (let box = 0; box < boxes; box += 1) {
        const at = (sample * boxes + box) * values
        const object = numbers[at + 4] ?? NaN
        if (!(object > least)) continue
        for (let column = YOLO_SIDES.yolov5; column < values; column += 1) {
          const score = object * (numbers[at + column] ?? NaN)
          if (!(score > least)) continue
          const [x = NaN, y = NaN] = [numbers[at], numbers[at + 1]]
          const [w = NaN, h = NaN] = [numbers[at + 2], numbers[at + 3]]
          found.addCentred(x, y, w, h, score, column - YOLO_SIDES.yolov5)
        }
      }
    },
  }
}

/** A column is x, y, w, h and the classes; every class that scores enough makes a box. */
export function yolov8(output: string): Decoder {
  return {
    outputs: [output],
    scoreThreshold: 0.001,
    iouThreshold: 0.7,
    decode: (batch, sample, least, found) => {
      const { numbers, boxes, values } = rowsOf(batch, output, 'yolov8')
      const start = sample * values * boxes
      const of = (row: number, box: number): number => numbers[start + row * boxes + box] ?? NaN
      for (let row = YOLO_SIDES.yolov8; row < values; row += 1) {
        for (let box = 0; box < boxes; box += 1) {
          const score = of(row, box)
          if (!(score > least)) continue
          const label = row - YOLO_SIDES.yolov8
          found.addCentred(of(0, box), of(1, box), of(2, box), of(3, box), score, label)
        }
      }
    },
  }
}

/** A row as YOLOv5's, but x and y count cells from its own cell, w and h are logarithms of cells. The best class makes the box. */
export function yolox(output: string, strides: readonly number[]): Decoder {
  return {
    outputs: [output],
    scoreThreshold: 0.01,
    iouThreshold: 0.65,
    decode: (batch, sample, least, found) => {
      const { numbers, boxes, values } = rowsOf(batch, output, 'yolox')
      const [height, width] = inputSize(batch) ?? [0, 0]
      if (yoloxCells([height, width], strides) !== boxes) {
        throw new EvaluationMismatch(
          `'${output}' has ${boxes} boxes, grids of the strides ${strides.join(', ')} have others in pictures of ${height}×${width}`,
        )
      }
      let box = sample * boxes
      for (const stride of strides) {
        for (let row = 0; row < Math.floor(height / stride); row += 1) {
          for (let cell = 0; cell < Math.floor(width / stride); cell += 1, box += 1) {
            const at = box * values
            const [label, best] = bestClass(numbers, at + YOLO_SIDES.yolox, at + values)
            const score = (numbers[at + 4] ?? NaN) * best
            if (!(score > least)) continue
            const x = ((numbers[at] ?? NaN) + cell) * stride
            const y = ((numbers[at + 1] ?? NaN) + row) * stride
            const w = Math.exp(numbers[at + 2] ?? NaN) * stride
            const h = Math.exp(numbers[at + 3] ?? NaN) * stride
            found.addCentred(x, y, w, h, score, label)
          }
        }
      }
    },
  }
}

function bestClass(numbers: ArrayLike<number>, start: number, end: number): [number, number] {
  let label = -1
  let best = -Infinity
  for (let column = start; column < end; column += 1) {
    const score = numbers[column] ?? NaN
    if (score > best) {
      best = score
      label = column - start
    }
  }
  return [label, best]
}

interface Rows extends Pick<Values, 'numbers'> {
  readonly boxes: number
  /** Of each box. */
  readonly values: number
}

function rowsOf({ outputs, samples }: TaskBatch, output: string, decoder: YoloDecoder): Rows {
  const { dims, numbers } = valuesOf(outputs, output)
  const fault = yoloOutputFault(decoder, output, dims)
  if (fault !== 'none') throw new EvaluationMismatch(fault)
  const [count = 0, first = 0, last = 0] = dims
  if (count !== samples) {
    throw new EvaluationMismatch(
      `'${output}' has boxes of ${count} pictures for ${samples} samples`,
    )
  }
  const [boxes, values] = decoder === 'yolov8' ? [last, first] : [first, last]
  return { numbers, boxes, values }
}

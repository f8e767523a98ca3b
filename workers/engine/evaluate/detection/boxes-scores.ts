// Boxes and scores in outputs of their own: SSD and its kin, and detectors that suppress within the graph.

import type { DetectorOutputs } from '#src/onnx/outputs/detector-outputs'
import type { PictureSize } from '#src/onnx/outputs/picture-layout'
import { EvaluationMismatch } from '../evaluation-mismatch.ts'
import { inputSize } from '../pictures/input-size.ts'
import type { TaskBatch, Values } from '../tasks/task.ts'
import { shapeText, valuesOf } from '../tasks/task.ts'
import type { Decoder } from './decoder.ts'

export interface BoxesScoresOptions {
  readonly names: DetectorOutputs
  readonly format: 'xyxy' | 'yxyx' | 'xywh' | 'cxcywh'
  readonly unit: 'pixels' | 'relative'
  /** The column of the scores that stands for no object. */
  readonly background: number | null
}

type Corners = readonly [number, number, number, number]

const CORNERS: Record<BoxesScoresOptions['format'], (...sides: Corners) => Corners> = {
  xyxy: (x1, y1, x2, y2) => [x1, y1, x2, y2],
  yxyx: (y1, x1, y2, x2) => [x1, y1, x2, y2],
  xywh: (x, y, w, h) => [x, y, x + w, y + h],
  cxcywh: (x, y, w, h) => [x - w / 2, y - h / 2, x + w / 2, y + h / 2],
}

/** With one score and class for each box, the model has chosen already: none is suppressed. */
export function boxesScores(options: BoxesScoresOptions): Decoder {
  const { names, format, unit, background } = options
  const cornersOf = CORNERS[format]
  return {
    outputs: [names.boxes, names.scores, ...(names.classes === null ? [] : [names.classes])],
    scoreThreshold: 0.001,
    iouThreshold: names.classes === null ? 0.5 : 1,
    decode: (batch, sample, least, found) => {
      const boxes = boxesOf(batch, names.boxes)
      const scores = valuesOf(batch.outputs, names.scores).numbers
      const labels = names.classes === null ? null : valuesOf(batch.outputs, names.classes).numbers
      const count = boxes.numbers.length / 4 / batch.samples
      const width = scores.length / batch.samples / count
      const isMatching = labels === null ? Number.isInteger(width) : labels.length === scores.length
      if (count > 0 && (!isMatching || (labels !== null && width !== 1))) {
        throw new EvaluationMismatch(
          `'${names.scores}' does not score the boxes ${shapeText(boxes)} of '${names.boxes}'`,
        )
      }
      const [height, columns] = unit === 'relative' ? sidesToScale(batch) : [1, 1]
      for (let box = sample * count; box < (sample + 1) * count; box += 1) {
        const side = (index: number): number => boxes.numbers[4 * box + index] ?? NaN
        const [x1, y1, x2, y2] = cornersOf(side(0), side(1), side(2), side(3))
        for (let column = 0; column < width; column += 1) {
          const score = scores[box * width + column] ?? NaN
          if (!(score > least) || (labels === null && column === background)) continue
          const label = labels?.[box] ?? column
          found.add(x1 * columns, y1 * height, x2 * columns, y2 * height, score, label)
        }
      }
    },
  }
}

function sidesToScale(batch: TaskBatch): PictureSize {
  const size = inputSize(batch)
  if (size !== null) return size
  throw new EvaluationMismatch('the model takes no picture whose sides would scale the boxes')
}

function boxesOf({ outputs, samples }: TaskBatch, name: string): Values {
  const boxes = valuesOf(outputs, name)
  const isBatch = boxes.dims.length >= 3 && boxes.dims[0] === samples
  // Without an axis of samples, all boxes are those of the one sample.
  const fits = boxes.dims.at(-1) === 4 && (isBatch || (boxes.dims.length === 2 && samples === 1))
  if (fits) return boxes
  throw new EvaluationMismatch(`boxes are [samples, boxes, 4], '${name}' is ${shapeText(boxes)}`)
}

// Detection: boxes, decoded and suppressed. Agreement is the average precision against the boxes of the original.

import { EvaluationMismatch } from '../evaluation-mismatch.ts'
import type { Boxes, Detections } from '../detection/boxes.ts'
import { pick } from '../detection/boxes.ts'
import { Candidates } from '../detection/candidates.ts'
import type { Decoder } from '../detection/decoder.ts'
import { suppress } from '../detection/suppress.ts'
import {
  COCO_OVERLAPS,
  MOST_DETECTIONS,
  startAveragePrecision,
} from '../metrics/average-precision.ts'
import type { EvaluationTask, NamedValues } from './task.ts'
import { shapeText, valuesOf } from './task.ts'

export interface DetectionOptions {
  readonly metric: 'map' | 'map50'
  readonly decoder: Decoder
  /** Fields of the true boxes and their classes; `null`: there are none. */
  readonly labels: { readonly boxes: string; readonly classes: string } | null
  /** `null` = the decoder's own. */
  readonly scoreThreshold: number | null
  readonly iouThreshold: number | null
  readonly maxDetections: number
}

/** Boxes that the original is sure of, as detectors are shown by default: what scores less is no truth for another. */
const SURE = 0.25

export function detectionTask(options: DetectionOptions): EvaluationTask<readonly Detections[]> {
  const { metric, decoder, labels, maxDetections } = options
  const least = options.scoreThreshold ?? decoder.scoreThreshold
  const limits = { iou: options.iouThreshold ?? decoder.iouThreshold, most: maxDetections }
  return {
    outputs: decoder.outputs,
    labels: labels === null ? [] : [labels.boxes, labels.classes],
    decide: (batch) =>
      Array.from({ length: batch.samples }, (_, sample) => {
        const found = new Candidates()
        decoder.decode(batch, sample, least, found)
        return suppress(found.found(), limits)
      }),
    startMetric: () => {
      if (labels === null) return null
      const run = startAveragePrecision(metric === 'map' ? COCO_OVERLAPS : [0.5])
      return {
        add: (decided, truths) => {
          const truth = trueBoxes(truths, labels)
          for (const [sample, found] of decided.entries()) run.add(found, truth(sample))
        },
        value: () => run.value(),
      }
    },
    startAgreement: () => {
      const run = startAveragePrecision(COCO_OVERLAPS)
      return {
        add: (reference, actual) => {
          for (const [sample, found] of actual.entries()) run.add(found, sureOf(reference[sample]!))
        },
        value: () => run.value(),
      }
    },
  }
}

/** As many as the metric takes, so that the original agrees with itself. */
function sureOf(found: Detections): Boxes {
  const counts = new Map<number, number>()
  const sure: number[] = []
  for (let index = 0; index < found.count; index += 1) {
    const label = found.classes[index]!
    const count = (counts.get(label) ?? 0) + 1
    counts.set(label, count)
    if (found.scores[index]! >= SURE && count <= MOST_DETECTIONS) sure.push(index)
  }
  return pick(found, sure)
}

/** @throws EvaluationMismatch */
function trueBoxes(
  truths: NamedValues,
  labels: { readonly boxes: string; readonly classes: string },
): (sample: number) => Boxes {
  const boxes = valuesOf(truths, labels.boxes)
  const classes = valuesOf(truths, labels.classes)
  const [samples = 0, places = 0, sides] = boxes.dims
  if (sides !== 4 || classes.dims.join() !== [samples, places].join()) {
    throw new EvaluationMismatch(
      `'${labels.boxes}' ${shapeText(boxes)} and '${labels.classes}' ${shapeText(classes)} are not [samples, boxes, 4] and [samples, boxes]`,
    )
  }
  return (sample) => {
    const found: number[] = []
    for (let place = sample * places; place < (sample + 1) * places; place += 1) {
      if ((classes.numbers[place] ?? -1) >= 0) found.push(place)
    }
    return {
      count: found.length,
      classes: Int32Array.from(found, (place) => classes.numbers[place]!),
      corners: Float64Array.from(
        found.flatMap((place) => [0, 1, 2, 3].map((side) => boxes.numbers[4 * place + side]!)),
      ),
    }
  }
}

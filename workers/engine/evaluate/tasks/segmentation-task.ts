// Segmentation: a class for every pixel. Agreement is the share of pixels of the class that the original gives them.

import type { PictureLayout, PictureSize } from '#src/onnx/outputs/picture-layout'
import { EvaluationMismatch } from '../evaluation-mismatch.ts'
import { startMeanIou } from '../metrics/mean-iou.ts'
import type { ClassMap } from '../pictures/class-map.ts'
import { classMap } from '../pictures/class-map.ts'
import { inputSize } from '../pictures/input-size.ts'
import type { EvaluationTask, Values } from './task.ts'
import { shapeText, valuesOf } from './task.ts'

export interface SegmentationOptions {
  readonly output: string
  /** `null`: there are none. */
  readonly labels: string | null
  /** [height, width] of the labels, by which `auto` tells the layout; `null`: by the pictures that the model is given. */
  readonly labelSize: PictureSize | null
  readonly layout: PictureLayout | 'auto'
  readonly ignoredLabel: number | null
}

export function segmentationTask(options: SegmentationOptions): EvaluationTask<ClassMap> {
  const { output, labels, labelSize, layout, ignoredLabel } = options
  return {
    outputs: [output],
    labels: labels === null ? [] : [labels],
    decide: (batch) => {
      const { outputs, samples } = batch
      const map = classMap(valuesOf(outputs, output), layout, labelSize ?? inputSize(batch))
      if (map.samples === samples) return map
      throw new EvaluationMismatch(`'${output}' has ${map.samples} pictures for ${samples} samples`)
    },
    startMetric: () => {
      if (labels === null) return null
      const run = startMeanIou(ignoredLabel)
      return {
        add: (decided, truths) => run.add(decided, labelMap(valuesOf(truths, labels), labels)),
        value: () => run.value(),
      }
    },
    startAgreement: startPixelAgreement,
  }
}

function labelMap(
  values: Values,
  name: string,
): Parameters<ReturnType<typeof startMeanIou>['add']>[1] {
  const [, height, width] = values.dims
  if (values.dims.length !== 3 || height === undefined || width === undefined) {
    throw new EvaluationMismatch(
      `labels are [samples, height, width], '${name}' is ${shapeText(values)}`,
    )
  }
  return { height, width, labels: values.numbers }
}

function startPixelAgreement(): ReturnType<EvaluationTask<ClassMap>['startAgreement']> {
  let equal = 0
  let pixels = 0
  return {
    add: (reference, actual) => {
      const { classes } = reference
      pixels += classes.length
      for (let pixel = 0; pixel < classes.length; pixel += 1) {
        if (classes[pixel] === actual.classes[pixel]) equal += 1
      }
    },
    value: () => (pixels === 0 ? null : equal / pixels),
  }
}

// Image to image: pictures against pictures. Nothing is decided, so nothing agrees.

import type { PictureLayout } from '#src/onnx/outputs/picture-layout'
import { EvaluationMismatch } from '../evaluation-mismatch.ts'
import { startPeakSignalNoise } from '../metrics/peak-signal-noise.ts'
import { WINDOW, structuralSimilarity } from '../metrics/structural-similarity.ts'
import { planesOf } from '../pictures/planes.ts'
import type { EvaluationTask, MetricRun, Values } from './task.ts'
import { NO_AGREEMENT, shapeText, valuesOf } from './task.ts'

export interface ImageOptions {
  readonly metric: 'psnr' | 'ssim'
  readonly output: string
  /** `null`: there are none. */
  readonly labels: string | null
  readonly layout: PictureLayout | 'auto'
  /** Greatest minus least possible value of the labels. */
  readonly range: number
}

export function imageTask(options: ImageOptions): EvaluationTask<Values> {
  const { metric, output, labels, layout, range } = options
  return {
    outputs: [output],
    labels: labels === null ? [] : [labels],
    decide: ({ outputs }) => valuesOf(outputs, output),
    startMetric: () => {
      if (labels === null) return null
      const run = metric === 'psnr' ? peakSignalNoise(range) : similarity(layout, range)
      return {
        add: (picture, truths) => {
          const truth = valuesOf(truths, labels)
          if (picture.dims.join() !== truth.dims.join()) {
            throw new EvaluationMismatch(
              `the output '${output}' is ${shapeText(picture)}, '${labels}' is ${shapeText(truth)}`,
            )
          }
          run.add(picture, truth)
        },
        value: () => run.value(),
      }
    },
    startAgreement: () => NO_AGREEMENT,
  }
}

interface PairRun extends Pick<MetricRun<Values>, 'value'> {
  add(picture: Values, truth: Values): void
}

function peakSignalNoise(range: number): PairRun {
  const run = startPeakSignalNoise(range)
  return {
    add: (picture, truth) => run.add(picture.numbers, truth.numbers),
    value: () => run.value(),
  }
}

/** Mean over channels and pictures. */
function similarity(layout: PictureLayout | 'auto', range: number): PairRun {
  let sum = 0
  let planes = 0
  return {
    add: (picture, truth) => {
      const others = planesOf(truth, layout)
      for (const plane of planesOf(picture, layout)) {
        const other = others.next()
        if (other.done === true) return
        if (plane.height < WINDOW || plane.width < WINDOW) {
          throw new EvaluationMismatch(
            `ssim compares windows of ${WINDOW}×${WINDOW} pixels; the pictures are ${plane.height}×${plane.width}`,
          )
        }
        sum += structuralSimilarity(plane, other.value, range)
        planes += 1
      }
    },
    value: () => (planes === 0 || !Number.isFinite(sum) ? null : sum / planes),
  }
}

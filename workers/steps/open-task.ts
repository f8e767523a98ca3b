// The task of an evaluation, ready for the engine: outputs named, sizes and range of the labels looked up.

import { boxesScores } from '#engine/evaluate/detection/boxes-scores'
import type { Decoder } from '#engine/evaluate/detection/decoder'
import { yolov5, yolov8, yolox } from '#engine/evaluate/detection/yolo'
import type { Samples } from '#engine/evaluate/judge'
import { labelRange } from '#engine/evaluate/pictures/label-range'
import { detectionTask } from '#engine/evaluate/tasks/detection-task'
import { imageTask } from '#engine/evaluate/tasks/image-task'
import { outputsTask } from '#engine/evaluate/tasks/outputs-task'
import { scoresTask } from '#engine/evaluate/tasks/scores-task'
import { segmentationTask } from '#engine/evaluate/tasks/segmentation-task'
import type { EvaluationTask } from '#engine/evaluate/tasks/task'
import type { RuntimeValueInfo } from '#engine/runtime/runtime'
import { TersorError } from '#src/domain/errors'
import { detectorOutputs } from '#src/onnx/outputs/detector-outputs'
import type { PictureSize } from '#src/onnx/outputs/picture-layout'
import type { Evaluation } from '#src/recipes/evaluation'
import type { Detection } from '#src/recipes/evaluation-detection'

/** @throws TersorError evaluation_invalid when the outputs are not told apart */
export async function openTask(
  evaluation: Evaluation,
  outputs: readonly RuntimeValueInfo[],
  samples: Samples,
): Promise<EvaluationTask<unknown>> {
  const { task, labels } = evaluation
  const output = evaluation.output ?? outputs[0]?.name ?? ''
  const limit = evaluation.samples ?? samples.count
  switch (task) {
    case 'none':
      return outputsTask(evaluation.output)
    case 'classification':
    case 'regression':
      return labels === null
        ? scoresTask({ metric: 'none', output, labels: '' })
        : scoresTask({ metric: evaluation.metric, output, labels })
    case 'segmentation':
      return segmentationTask({
        output,
        labels,
        labelSize: labels === null ? null : await sizeOf(samples, labels),
        layout: evaluation.layout,
        ignoredLabel: evaluation.ignore_label,
      })
    case 'detection':
      return detectionTask({
        metric: evaluation.metric,
        decoder: decoderOf(evaluation, output, outputs),
        labels: labels === null ? null : { boxes: labels, classes: evaluation.classes },
        scoreThreshold: evaluation.score_threshold,
        iouThreshold: evaluation.iou_threshold,
        maxDetections: evaluation.max_detections,
      })
    case 'image_to_image':
      return imageTask({
        metric: evaluation.metric,
        output,
        labels,
        layout: evaluation.layout,
        range:
          evaluation.data_range ?? (labels === null ? 1 : await labelRange(samples, labels, limit)),
      })
  }
}

async function sizeOf(samples: Samples, labels: string): Promise<PictureSize | null> {
  const [, height, width] = (await samples.batch(0, 1))[labels]?.dims ?? []
  return height === undefined || width === undefined ? null : [height, width]
}

function decoderOf(
  evaluation: Detection,
  output: string,
  outputs: readonly RuntimeValueInfo[],
): Decoder {
  switch (evaluation.decoder) {
    case 'yolov5':
      return yolov5(output)
    case 'yolov8':
      return yolov8(output)
    case 'yolox':
      return yolox(output, evaluation.strides)
    case 'boxes_scores': {
      const names = detectorOutputs(outputs, {
        boxes: evaluation.boxes_output,
        scores: evaluation.scores_output,
        classes: evaluation.classes_output,
      })
      if (typeof names === 'string') throw new TersorError('evaluation_invalid', names)
      return boxesScores({
        names,
        format: evaluation.box_format,
        unit: evaluation.box_unit,
        background: evaluation.background_class,
      })
    }
  }
}

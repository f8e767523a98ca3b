// Whether the outputs of the model are what the task reads: which of them, of what shape.

import type { FieldError } from '#src/domain/errors'
import type { DatasetField, DatasetRecord } from '#src/domain/records'
import type { Dim } from '#src/onnx/ir/value-type'
import { detectorOutputs } from '#src/onnx/outputs/detector-outputs'
import type { PictureSize } from '#src/onnx/outputs/picture-layout'
import { pictureLayout, sidesOf } from '#src/onnx/outputs/picture-layout'
import { yoloOutputFault, yoloxCells } from '#src/onnx/outputs/yolo-outputs'
import type { Evaluation, ImageToImage, Segmentation } from '#src/recipes/evaluation'
import type { Detection } from '#src/recipes/evaluation-detection'
import type { JobInputs } from './job-inputs.ts'

/** @param hasLabels the labels asked for are there, to compare shapes with */
export function judgedOutputFaults(
  evaluation: Evaluation,
  { model, ...inputs }: JobInputs,
  hasLabels: boolean,
): FieldError[] {
  const { outputs } = model.graph
  const wanted = evaluation.output
  const list = outputs.map(({ name }) => `'${name}'`).join(', ')
  if (wanted !== null && !outputs.some(({ name }) => name === wanted)) {
    return [invalid('output', `the model has no output '${wanted}'; it has ${list}`)]
  }
  if (evaluation.task === 'none') return []
  if (evaluation.task === 'detection' && evaluation.decoder === 'boxes_scores') {
    return boxesScoresFaults(evaluation, outputs)
  }
  if (wanted === null && outputs.length > 1) {
    return [invalid('output', `the model has several outputs; name the one to judge: ${list}`)]
  }
  const output = outputs.find(({ name }) => wanted === null || name === wanted)
  if (output === undefined) return []
  const dataset = inputs.evaluation
  const labels = hasLabels ? fieldOf(dataset, evaluation.labels) : null
  const picture = fieldOf(dataset, model.graph.inputs[0]?.name ?? null)
  switch (evaluation.task) {
    case 'segmentation':
      return segmentationFaults(evaluation, output, labels, picture)
    case 'image_to_image':
      return imageFaults(evaluation, output, labels)
    case 'detection':
      return yoloFaults(evaluation, output, picture)
    case 'classification':
    case 'regression':
      return []
  }
}

type Output = JobInputs['model']['graph']['outputs'][number]

function invalid(option: string, detail: string): FieldError {
  return { pointer: `/evaluation/${option}`, code: 'evaluation_invalid', detail }
}

function fieldOf(dataset: DatasetRecord | null, wanted: string | null): DatasetField | null {
  return dataset?.fields.find(({ name }) => name === wanted) ?? null
}

function textOf(shape: readonly Dim[]): string {
  return `[${shape.map((dim) => dim ?? '?').join(', ')}]`
}

function layoutFaults(output: Output, layout: ReturnType<typeof pictureLayout>): FieldError[] {
  const shape = textOf(output.shape ?? [])
  if (layout === 'none') {
    const detail = `the task reads pictures, [samples, height, width] or one more axis of channels; the output '${output.name}' is ${shape}`
    return [invalid('output', detail)]
  }
  if (layout !== 'ambiguous') return []
  return [invalid('layout', `say nchw or nhwc: '${output.name}' ${shape} may be either`)]
}

function segmentationFaults(
  { layout }: Segmentation,
  output: Output,
  labels: DatasetField | null,
  picture: DatasetField | null,
): FieldError[] {
  if (output.shape === null) return []
  const [, height = 0, width = 0] = labels?.shape ?? []
  const size = labels === null ? pictureSize(picture) : ([height, width] as const)
  return layoutFaults(output, pictureLayout(output.shape, layout, size))
}

/** Side of the window of SSIM. */
const SSIM_WINDOW = 11

function imageFaults(
  { layout: wanted, metric }: ImageToImage,
  output: Output,
  labels: DatasetField | null,
): FieldError[] {
  if (output.shape === null) return []
  const layout = pictureLayout(output.shape, wanted)
  const faults = layoutFaults(output, layout)
  if (faults.length > 0) return faults
  if (labels !== null && !equalsBeyondSamples(output.shape, labels.shape)) {
    const detail = `the output '${output.name}' is ${textOf(output.shape)}, the pictures to compare with are ${textOf(labels.shape)}`
    return [{ pointer: '/evaluation/labels', code: 'shape_mismatch', detail }]
  }
  if (metric !== 'ssim' || layout === 'unknown' || layout === 'none' || layout === 'ambiguous') {
    return []
  }
  const sides = sidesOf(labels?.shape ?? output.shape, layout)
  if (sides.every((side) => typeof side !== 'number' || side >= SSIM_WINDOW)) return []
  return [
    invalid(
      'metric',
      `ssim compares windows of ${SSIM_WINDOW}×${SSIM_WINDOW} pixels; the pictures are ${sides.join('×')}`,
    ),
  ]
}

function equalsBeyondSamples(shape: readonly Dim[], labels: readonly number[]): boolean {
  return (
    shape.length === labels.length &&
    shape.every((dim, axis) => axis === 0 || typeof dim !== 'number' || dim === labels[axis])
  )
}

function boxesScoresFaults(evaluation: Detection, outputs: readonly Output[]): FieldError[] {
  const found = detectorOutputs(outputs, {
    boxes: evaluation.boxes_output,
    scores: evaluation.scores_output,
    classes: evaluation.classes_output,
  })
  if (typeof found === 'string') {
    return [invalid('decoder', `the decoder boxes_scores reads outputs of their own: ${found}`)]
  }
  const shapes = new Map(outputs.map(({ name, shape }) => [name, shape]))
  const [boxes, scores] = [shapes.get(found.boxes), shapes.get(found.scores)]
  const width = boxes?.at(-1)
  if (boxes && ((typeof width === 'number' && width !== 4) || boxes.length < 2)) {
    const detail = `boxes have the shape [samples, boxes, 4], '${found.boxes}' has ${textOf(boxes)}`
    return [invalid('boxes_output', detail)]
  }
  // One axis less where every box has one score: its class is in an output of its own.
  const rank = (boxes?.length ?? 0) - (found.classes === null ? 0 : 1)
  if (!boxes || !scores || scores.length === rank) return []
  const form = found.classes === null ? '[samples, boxes, classes]' : '[samples, boxes]'
  return [
    invalid(
      'scores_output',
      `the scores have the shape ${form}, '${found.scores}' has ${textOf(scores)}`,
    ),
  ]
}

function pictureSize(field: DatasetField | null): PictureSize | null {
  const shape = field?.shape ?? []
  const layout = pictureLayout(shape, 'auto')
  return layout === 'nchw' || layout === 'nhwc' ? (sidesOf(shape, layout) as PictureSize) : null
}

/** @param picture the input, as the dataset has it */
function yoloFaults(
  { decoder, strides }: Detection,
  { name, shape }: Output,
  picture: DatasetField | null,
): FieldError[] {
  if (decoder === 'boxes_scores') return []
  const fault = yoloOutputFault(decoder, name, shape)
  if (fault !== 'none') return [invalid('decoder', fault)]
  const boxes = shape?.[1]
  const size = pictureSize(picture)
  if (decoder !== 'yolox' || typeof boxes !== 'number' || size === null) return []
  const [height, width] = size
  const cells = yoloxCells([height, width], strides)
  if (cells === boxes) return []
  const detail = `grids of the strides ${strides.join(', ')} have ${cells} cells in pictures of ${height}×${width}, the output '${name}' has ${boxes} boxes`
  return [invalid('strides', detail)]
}

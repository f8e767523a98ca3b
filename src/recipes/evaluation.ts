// How the report judges a model: task metric on labelled data, and timing.

import { z } from 'zod'
import { detection } from './evaluation-detection.ts'
import { judgedOutput, labelField, sharedOptions } from './evaluation-options.ts'

const layout = z
  .enum(['auto', 'nchw', 'nhwc'])
  .default('auto')
  .describe('Where the channels of a picture are; auto tells it from the shapes.')

export const classification = z
  .strictObject({
    task: z.literal('classification'),
    metric: z.enum(['top1', 'top5', 'f1_macro', 'auc']).default('top1'),
    ...judgedOutput,
    labels: labelField('labels'),
    ...sharedOptions,
  })
  .meta({ id: 'ClassificationEvaluation' })

export const regression = z
  .strictObject({
    task: z.literal('regression'),
    metric: z.enum(['mse', 'mae', 'r2']).default('mse'),
    ...judgedOutput,
    labels: labelField('labels'),
    ...sharedOptions,
  })
  .meta({ id: 'RegressionEvaluation' })

export const segmentation = z
  .strictObject({
    task: z.literal('segmentation'),
    metric: z.enum(['miou']).default('miou'),
    ...judgedOutput,
    labels: labelField('labels'),
    layout,
    ignore_label: z
      .int()
      .nullable()
      .default(255)
      .describe('Pixels with this label count for nothing; null = all count.'),
    ...sharedOptions,
  })
  .meta({ id: 'SegmentationEvaluation' })

export const imageToImage = z
  .strictObject({
    task: z.literal('image_to_image'),
    metric: z.enum(['psnr', 'ssim']).default('psnr'),
    ...judgedOutput,
    labels: labelField('labels'),
    layout,
    data_range: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe(
        'Greatest minus least possible value; null = 255 for uint8 labels, else as the labels have it.',
      ),
    ...sharedOptions,
  })
  .meta({ id: 'ImageToImageEvaluation' })

/** Without labels: agreement with the original and SQNR only. */
export const agreementOnly = z
  .strictObject({
    task: z.literal('none').optional().default('none'),
    ...judgedOutput,
    labels: labelField('labels'),
    ...sharedOptions,
  })
  .meta({ id: 'AgreementEvaluation' })

export const evaluation = z
  .discriminatedUnion('task', [
    classification,
    regression,
    segmentation,
    detection,
    imageToImage,
    agreementOnly,
  ])
  .meta({ id: 'Evaluation' })

export type Evaluation = z.infer<typeof evaluation>
export type EvaluationTask = Evaluation['task']
export type Segmentation = z.infer<typeof segmentation>
export type ImageToImage = z.infer<typeof imageToImage>

/** The dataset fields that the metric compares with; none where nothing but agreement is asked. */
export function labelFields(wanted: Evaluation): readonly string[] {
  if (wanted.task === 'none' || wanted.labels === null) return []
  return wanted.task === 'detection' ? [wanted.labels, wanted.classes] : [wanted.labels]
}

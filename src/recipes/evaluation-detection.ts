// Detection: how boxes are read from the outputs of a detector, and the fields that hold the true ones.

import { z } from 'zod'
import { fieldName, judgedOutput, labelField, sharedOptions } from './evaluation-options.ts'

export const detection = z
  .strictObject({
    task: z.literal('detection'),
    metric: z.enum(['map', 'map50']).default('map'),
    decoder: z
      .enum(['yolov5', 'yolov8', 'yolox', 'boxes_scores'])
      .describe(
        'yolov5 reads [samples, boxes, 5 + classes], yolov8 [samples, 4 + classes, boxes], yolox what yolov5 does, relative to its grid; boxes_scores reads boxes and scores from an output each.',
      ),
    ...judgedOutput,
    labels: labelField('boxes').describe(
      'The dataset field of the true boxes: [samples, most boxes of one, 4] as x1 y1 x2 y2 in pixels of the input; null = there are none: agreement with the original and SQNR only.',
    ),
    classes: fieldName
      .default('classes')
      .describe(
        'The dataset field of their classes: integers [samples, most boxes of one], -1 where there is no box.',
      ),
    score_threshold: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .default(null)
      .describe('Boxes must score more; null = as the decoder is evaluated by its authors.'),
    iou_threshold: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .default(null)
      .describe(
        'Of boxes of one class that overlap more, the best is kept; 1 keeps all; null = as the decoder is evaluated by its authors.',
      ),
    max_detections: z
      .int()
      .min(1)
      .max(10_000)
      .default(300)
      .describe('Of one sample. The metric takes the best 100 of each class.'),
    strides: z
      .array(z.int().min(1).max(1024))
      .min(1)
      .max(8)
      .default([8, 16, 32])
      .describe('yolox: pixels of the input per cell of each grid, in the order of the output.'),
    boxes_output: fieldName
      .nullable()
      .default(null)
      .describe('boxes_scores: the output of the boxes; null = the one of width 4.'),
    scores_output: fieldName
      .nullable()
      .default(null)
      .describe('boxes_scores: the output of the scores; null = the one that is left.'),
    classes_output: fieldName
      .nullable()
      .default(null)
      .describe('boxes_scores: the output of the classes, when there is one score for each box.'),
    box_format: z
      .enum(['xyxy', 'yxyx', 'xywh', 'cxcywh'])
      .default('xyxy')
      .describe('boxes_scores: two corners, corner and size, or centre and size; y first in yxyx.'),
    box_unit: z
      .enum(['pixels', 'relative'])
      .default('pixels')
      .describe('boxes_scores: pixels of the input, or shares of its sides.'),
    background_class: z
      .int()
      .min(0)
      .nullable()
      .default(null)
      .describe('boxes_scores: the column of the scores that stands for no object.'),
    ...sharedOptions,
  })
  .meta({ id: 'DetectionEvaluation' })

export type Detection = z.infer<typeof detection>

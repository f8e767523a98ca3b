// How the report judges a model: task metric on labelled data, and timing.

import { z } from 'zod'

export const latencyOptions = z
  .strictObject({
    batch_size: z.int().min(1).max(1024).default(1),
    threads: z.int().min(1).max(256).default(1),
    runs: z
      .int()
      .min(5)
      .max(10_000)
      .default(50)
      .describe('Timed runs of each model, interleaved with the other.'),
  })
  .meta({ id: 'LatencyOptions' })

const shared = {
  output: z
    .string()
    .min(1)
    .max(256)
    .nullable()
    .default(null)
    .describe('The output to judge, when there are several.'),
  labels: z
    .string()
    .min(1)
    .max(256)
    .default('labels')
    .describe('The dataset field that holds the labels.'),
  samples: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('At most this many samples; null = all.'),
  latency: latencyOptions.prefault({}),
}

export const classification = z
  .strictObject({
    task: z.literal('classification'),
    metric: z.enum(['top1', 'top5', 'f1_macro', 'auc']).default('top1'),
    ...shared,
  })
  .meta({ id: 'ClassificationEvaluation' })

export const regression = z
  .strictObject({
    task: z.literal('regression'),
    metric: z.enum(['mse', 'mae', 'r2']).default('mse'),
    ...shared,
  })
  .meta({ id: 'RegressionEvaluation' })

/** Without labels: agreement with the original and SQNR only. */
export const agreementOnly = z
  .strictObject({ task: z.literal('none'), ...shared })
  .meta({ id: 'AgreementEvaluation' })

export const evaluation = z
  .discriminatedUnion('task', [classification, regression, agreementOnly])
  .meta({ id: 'Evaluation' })

export type Evaluation = z.infer<typeof evaluation>

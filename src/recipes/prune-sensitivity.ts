// What a step of pruning measures before it decides.

import { z } from 'zod'

export const pruneSensitivityOptions = z
  .strictObject({
    ratios: z
      .array(z.number().gt(0).max(0.9))
      .min(1)
      .max(8)
      .refine((ratios) => ratios.every((ratio, at) => at === 0 || ratio > (ratios[at - 1] ?? 0)), {
        error: 'each ratio is larger than the one before',
      })
      .default([0.25, 0.5, 0.75])
      .describe('Fractions of the channels of a group.'),
    samples: z
      .int()
      .min(1)
      .max(100_000)
      .default(128)
      .describe('Samples that the loss is measured on.'),
  })
  .meta({ id: 'PruneSensitivity' })

export const measured = {
  sensitivity: pruneSensitivityOptions
    .nullable()
    .default(null)
    .describe(
      'What the model loses when each group of channels alone is pruned at these ratios, nothing trained or repaired: measured on samples of the calibration dataset, or else of the training dataset, by the metric of the evaluation where they have labels; a table in the report. Where `importance` is `hessian`, beside it the top eigenvalue of the Hessian in the weights of each layer, on up to 64 samples, fewer where the model is large. null = only where `scope` is `auto`, with the defaults.',
    ),
}

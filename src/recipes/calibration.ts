// How ranges of activations are found.

import { z } from 'zod'

export const calibration = z
  .strictObject({
    method: z
      .enum(['auto', 'minmax', 'percentile', 'entropy', 'mse'])
      .default('auto')
      .describe('How activation ranges are found; `auto` takes what errs least for each tensor.'),
    percentile: z
      .number()
      .min(90)
      .max(100)
      .default(99.99)
      .describe('Share of the values that a range keeps, in percent; for method `percentile`.'),
    samples: z
      .int()
      .min(1)
      .max(100_000)
      .default(128)
      .describe('Samples of the calibration dataset to use.'),
  })
  .meta({ id: 'Calibration' })

// What a step of pruning measured of each group of channels and of each layer: `details.sensitivity` of its report.

import { z } from 'zod'

const layerCurvatures = z.strictObject({
  samples: z.int().describe('Samples that the loss is the mean of.'),
  layers: z.array(
    z.strictObject({
      layers: z.array(z.string()).describe('Those that read the weights.'),
      more_layers: z.int(),
      weight: z.string(),
      top_eigenvalue: z
        .number()
        .nullable()
        .describe(
          'Of the Hessian of the divergence from the model itself in these weights alone, the eigenvalue of largest absolute value (HAWQ, Dong et al. 2019), by the Lanczos method; null where it was not measured.',
        ),
      products: z.int().describe('Of the Hessian and a vector, that it took; 20 at most.'),
      converged: z.boolean().describe('Whether there is an eigenvalue within 1 % of it.'),
      reason: z.string().nullable().describe('Why it was not measured.'),
    }),
  ),
})

/** What a model loses when one group of channels alone is pruned: `details.sensitivity` of a step of pruning that measures it. */
export const pruneSensitivity = z
  .strictObject({
    quality: z.number().nullable().describe('Of the model as it is; null without labels.'),
    groups: z.array(
      z.strictObject({
        layers: z.array(z.string()),
        more_layers: z.int(),
        size: z.int(),
        chosen: z.number().describe('The fraction that goes.'),
        points: z.array(
          z.strictObject({
            ratio: z.number(),
            removed: z.int(),
            quality: z.number().nullable(),
            lost: z
              .number()
              .describe('Of the metric where there are labels, else the error of the outputs.'),
            output_error: z
              .number()
              .describe('The root of the energy of the difference over that of the outputs.'),
          }),
        ),
      }),
    ),
    curvature: layerCurvatures
      .nullable()
      .default(null)
      .describe('Measured where the importance is `hessian`, otherwise null.'),
  })
  .meta({ id: 'PruneSensitivityTable' })

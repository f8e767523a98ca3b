// Step `factorize`: weights of lower rank.

import { z } from 'zod'

export const factorizeStep = z
  .strictObject({
    type: z.literal('factorize'),
    method: z.literal('svd').default('svd'),
    energy: z
      .number()
      .gt(0)
      .lt(1)
      .nullable()
      .default(null)
      .describe(
        "Share of the energy of a layer's outputs on the calibration dataset that the rank keeps, or of its weights where there is none; 0.99 when nothing else says how much.",
      ),
    rank: z
      .int()
      .min(1)
      .max(65_536)
      .nullable()
      .default(null)
      .describe('The rank of every layer; layers that it saves nothing in stay as they are.'),
    samples: z
      .int()
      .min(1)
      .max(100_000)
      .default(256)
      .describe('Samples of the calibration dataset to use, if there is one.'),
    excluded_layers: z
      .array(z.string().min(1).max(256))
      .max(10_000)
      .default([])
      .describe('Names of nodes that stay whole.'),
  })
  .refine(({ energy, rank }) => energy === null || rank === null, {
    path: ['rank'],
    error: 'energy and rank both say how much is kept: give one of them',
  })
  .meta({
    id: 'FactorizeStep',
    description:
      'Dense convolutions and matrix products as two of lower rank (truncated singular value decomposition).',
  })

export type FactorizeStep = z.infer<typeof factorizeStep>

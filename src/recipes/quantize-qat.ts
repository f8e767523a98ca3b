// Step `quantize`, method `qat`: quantization-aware training.

import { z } from 'zod'
import { calibration } from './calibration.ts'
import { excludedLayers } from './excluded-layers.ts'
import { optimizerChoice, training } from './training.ts'

/** What is trained is folded already, and close to where it should be: one decimal fewer than elsewhere, and far fewer for plain descent. */
const awareTraining = training
  .extend({
    optimizer: optimizerChoice('Qat', { sgd: 2e-4, adam: 1e-4, adamw: 1e-4 }),
    batch_norm: z
      .enum(['train', 'frozen'])
      .default('frozen')
      .describe(
        'BatchNormalization behind a layer is folded into it before, with the statistics it has; this is about those that are left.',
      ),
  })
  .meta({ id: 'QatTraining' })

export const quantizeQat = z
  .strictObject({
    type: z.literal('quantize'),
    method: z.literal('qat'),
    weights_dtype: z
      .enum(['int8', 'int4'])
      .default('int8')
      .describe('In int4 all layers but the first and the last, which keep 8 bits.'),
    activations_dtype: z.enum(['uint8']).default('uint8').describe('What the model computes with.'),
    per_channel: z.boolean().default(true).describe('One scale per output channel of a weight.'),
    learn_scales: z
      .boolean()
      .default(true)
      .describe(
        'Train the scales along with the weights (learned step size); else calibration decides.',
      ),
    alpha: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe("Weight of the original's answers; the rest is for labels, where there are any."),
    temperature: z
      .number()
      .min(0.1)
      .max(100)
      .default(4)
      .describe("Softens the original's answers and the model's."),
    calibration: calibration.prefault({}),
    training: awareTraining.prefault({}),
    excluded_layers: excludedLayers,
  })
  .meta({
    id: 'QuantizeQatStep',
    description:
      'Integer weights and activations, trained with the rounding in place; needs calibration and training data.',
  })

export type QuantizeQatStep = z.infer<typeof quantizeQat>
